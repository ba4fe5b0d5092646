"""README.md of a bundle: what it is, what it was trained on, what it measures."""

from __future__ import annotations

import json
import re
from pathlib import Path

CORPUS_FACTS = {  # corpus -> name in the manifest, licence
    'kathleen': ('kathleen (CMU ARCTIC prompts read by one woman, US English)', 'CC0-1.0'),
    'speechocean762': ('speechocean762 (SLR101; Zhang et al., Interspeech 2021)', 'free for commercial and non-commercial use, with credit'),
    'timed-speech': ('speech synthesised with Kokoro-82M', 'Apache-2.0'),
    'flite-rms': ('speech synthesised with flite, voice rms', 'CMU flite licence (BSD-like)'),
    'flite-awb': ('speech synthesised with flite, voice awb', 'CMU flite licence (BSD-like)'),
    'queen': ('dialogue of Flight of the Amazon Queen', 'free to distribute and modify, not to be sold alone'),
    'accents': (
        'English by diphone voices of Festival: Czech, Finnish, Hindi, Italian',
        "the voices': GPL and LGPL; the texts: public domain",
    ),
    'changed': ("parts of the others again, with another pitch and other formants (Praat's)", "the others'"),
}


def training_data(data: Path, corpora: list[str]) -> list[dict]:
    """The manifest's trainingData: hours of the training split of each shard."""
    rows = []
    for name in corpora:
        lines = map(json.loads, (data / name / 'utterances.jsonl').open(encoding='utf-8'))
        hours = sum(j['frames'] for j in lines if j['split'] == 'train' and j['syllables']) / 360_000
        title, licence = CORPUS_FACTS.get(name, (name, 'unknown'))
        rows.append({'name': title, 'hours': round(hours, 2), 'licence': licence})
    return rows


def dial_section(dial: dict) -> str:
    """The part of a card that says what measure/dial.py measured."""
    if not dial:
        return ''

    def cell(rate: dict) -> str:
        return f'{rate["hz"]:.2f} ({rate["sd"]:.2f})' if rate.get('speakers', 0) > 1 else f'{rate["hz"]:.2f}'

    rows = ''.join(f'| {name} | {" | ".join(map(cell, rates.values()))} |\n' for name, rates in dial.items())
    bits = ' | '.join(f'{rate["bits"]:.1f}' for rate in dial['all'].values())
    return f"""
## The dial
Units per second of non-pause at one setting each, live, on speakers (kathleen: sentences) that no training saw (`training/measure/dial.py`). In
brackets the standard deviation between speakers of whom there are 10 s or more.

| corpus | {' | '.join(dial['all'])} |
|{' --- |' * (1 + len(dial['all']))}
{rows}| bits a second, all together | {bits} |
"""


def model_card(name: str, config: dict, about: dict) -> str:
    """README.md of a bundle: what it is, what it was trained on, what it measures."""
    e, u = config['encoder'], config['units']
    data = ''.join(f'| {d["name"]} | {d["hours"]} | {d["licence"]} |\n' for d in about['trainingData'])
    dev = ''.join(f'| {n} | {s["f1_50ms"]:.3f} | {s["f1_20ms"]:.3f} |\n' for n, s in about['metrics'].get('dev', {}).items())
    sets = about['metrics'].get('test', {})
    whole = any('whole fp32' in parts for parts in sets.values())
    test = f'Test sets, the same way (`training/measure/evaluate.py`):\n\n| set | F1 at 50 ms | 20 ms | R-value |{" whole context, fp32 |" * whole}\n'
    test += f'| --- | --- | --- | --- |{" --- |" * whole}\n'
    for n, parts in sets.items():
        cells = [parts['live int8'][key] for key in ('F1_50ms', 'F1_20ms', 'R_value')]
        cells += [parts['whole fp32']['F1_50ms']] if whole else []
        test += f'| {n} | {" | ".join(f"{cell:.3f}" for cell in cells)} |\n'
    rates = ', '.join(f'{r["name"]} ({r["hz"]} Hz)' if r['name'] == 'natural' else r['name'] for r in config['boundaries']['rates'])
    return f"""# {name} {about['version']}

A streaming encoder of English speech with syllable boundaries and units: {e['layers']} layers of width {e['width']}, chunks of
{e['chunkTokens'] * 20} ms, outputs delayed by {e['delayTokens'] * 20} ms, {u['centroids']} centroids merged into {u['merged']} units, rates {rates}.
Made by the recipe in `training/README.md`; the format is that of `docs/bundle.md`.

## Trained on
| speech | hours | licence |
| --- | --- | --- |
{data}
Syllable times come from forced alignment (recordings and Kokoro) or from the synthesiser. Steps: {about['metrics'].get('steps')}.
No voice of the evaluation pack (Asterisk's speakers; Festival's and flite's kal, ked, slt) was trained on.

## Measured
Development split, int8, live (160 ms chunks, decisions within 800 ms), natural rate, one λ and one shift for all: F1 of all boundaries.

| set | 50 ms | 20 ms |
| --- | --- | --- |
{dev}
{test}
How it is counted: the starts and ends of the units that are no pause, against the starts and ends of the reference's syllables (as
`sylstream evaluate` and the evaluation pack's own script count), the first and last edge of a recording among them.
{dial_section(about['metrics'].get('dial', {}))}
## Limits
English only. Children, strong accents, noise and telephone bands are harder than read speech. The times it learned from are automatic.
Units say what was spoken only roughly; they are no transcript, and they were not built to hide or to reveal who speaks.
"""


def sections(card: str) -> dict[str, str]:
    """A model card by its `## ` headings, in order; what comes before the first is under ''."""
    parts = re.split(r'(?m)^(?=## )', card)
    return {part.splitlines()[0] if k else '': part for k, part in enumerate(parts)}


def merged_card(old: str, new: str) -> str:
    """`new`, with the sections of `old` that it lacks put before its last one ("Limits")."""
    own, fresh = sections(old), sections(new)
    kept = [part.rstrip() + '\n\n' for title, part in own.items() if title not in fresh]
    *first, last = fresh.values()
    return ''.join([*first, *kept, last])


def table(columns: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [columns, ['---'] * len(columns), *rows]
    return ''.join(f'| {" | ".join(line)} |\n' for line in lines)


def with_section(readme: str, section: str, heading: str) -> str:
    """A model card with this section in place of its old one, or before its last ("Limits")."""
    parts = [part.rstrip() for title, part in sections(readme).items() if title != heading]
    parts.insert(max(1, len(parts) - 1), section.rstrip())
    return '\n\n'.join(parts) + '\n'
