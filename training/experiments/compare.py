"""`compare`: ways of cutting speech beside each other, at equal numbers of boundaries or at given rates.

    python -m experiments.compare ../models/small runs/ssl/small-ssl --students R/round1/sylboost.pt --losspred R/pretrain.pt
    python -m experiments.compare ../models/small runs/ssl/small-ssl --rates 8.33 6.25 5.0 4.3

Without --rates: F1 of syllable boundaries at 50 and 20 ms and R-value, every way turned until it gives as many boundaries on a set as the set's
reference has; uniform steps and envelope minima beside them. With --rates: F1 at 50 ms (and 20) against phones, syllables and words at each rate (the
table of SyllableLM's controllable granularity); λ is found on the set itself, such that segments a second of sounding speech are as asked.
Sets: the evaluation pack, and unseen speakers and sentences of the shards with times. No shift is fitted. Bundles and students run live.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bundle.config_json import natural, rules_of
from bundle.outputs import outputs_of
from data.batches import Utterance, load_shards, thinned
from data.mel import log_mel, normalise, read_audio
from data.places import RUNS, SHARED
from data.shards import boundaries
from model.encoder import Encoder, EncoderConfig
from recipes.label_free import losspred
from recipes.label_free.losspred import boundaries_of, loss_matrix, scorer_from, seconds, stretches
from segment.baselines import kept_peaks, sounding
from segment.equal_counts import Cutter, at_count, completed, feature_cutter
from segment.matching import boundary_scores
from stage.encode import encode_many

PACK = ('festival', 'asterisk-en')
KINDS = ('phones', 'syllables', 'words')


@dataclass
class Spoken:
    """One recording with what is known of it: log-mel (F, 128) and edges (seconds) of phones, syllables and words."""

    mel: Tensor
    edges: dict[str, np.ndarray]


def words_of(syllables: list[dict]) -> list[list[float]]:
    """Start and end of each word: syllables that follow each other and name the same word."""
    parts = [list(group) for _, group in groupby(syllables, key=lambda s: s['word'])]
    return [[part[0]['start'], part[-1]['end']] for part in parts]


def pack_items(pack: Path, name: str) -> list[Spoken]:
    """One set of the evaluation pack, with phones, syllables and words."""
    out = []
    for j in json.loads((pack / f'{name}.json').read_text()):
        phones = [[a, b] for p, a, b in j['phones'] if p not in ('pau', 'sil', 'SIL')]
        spans = {'phones': phones, 'syllables': [[s['start'], s['end']] for s in j['syllables']], 'words': words_of(j['syllables'])}
        out.append(Spoken(log_mel(read_audio(pack / j['file'])), {kind: np.array(boundaries(times)) for kind, times in spans.items()}))
    return out


def shard_items(data: Path, name: str, split: str) -> list[Spoken]:
    return [Spoken(torch.from_numpy(np.asarray(u.mel, np.float32)), {'syllables': u.edges}) for u in load_shards(data, [name], split)]


def as_utterance(item: Spoken) -> Utterance:
    none = np.zeros(0)
    return Utterance(item.mel.numpy(), '', '', '', none, none, np.zeros((0, 2)), none, np.zeros(0, np.int64), [])


def uniform_cutter(items: Sequence[Spoken]) -> tuple[Cutter, float, float]:
    """Equal steps inside sounding stretches; the knob is the step in seconds."""
    parts = [sounding(i.mel) for i in items]

    def cut(step: float) -> list[np.ndarray]:
        return [np.concatenate([np.zeros(0), *(np.linspace(a, b, max(1, round((b - a) / step)) + 1) for a, b in some)]) for some in parts]

    return cut, 0.03, 2.0


def envelope_cutter(items: Sequence[Spoken]) -> tuple[Cutter, float, float]:
    """Minima of the smoothed 300 to 3500 Hz level between peaks; the knob is the least dip in dB."""
    kernel = np.exp(-0.5 * (np.arange(-12, 13) / 3) ** 2)  # 30 ms
    levels, parts = [], [sounding(i.mel) for i in items]
    for i in items:
        power = np.exp(i.mel.numpy().astype(np.float64))
        levels.append(10 * np.log10(np.convolve(power[:, 17:96].sum(1), kernel / kernel.sum(), 'same') + 1e-9))

    def cut(dip: float) -> list[np.ndarray]:
        return [np.array(sorted({t for a, b in some for t in dips(db, a, b, dip)})) for db, some in zip(levels, parts, strict=True)]

    return cut, 0.0, 40.0


def dips(db: np.ndarray, a: float, b: float, dip: float) -> list[float]:
    """a, b, and the places of the minima between peaks with a dip of more than `dip` dB between any two."""
    part = db[int(a * 100) : int(b * 100) + 1]
    tops = kept_peaks(part, -np.inf, dip)
    return [a, *(a + 0.01 * (p + int(np.argmin(part[p:q]))) for p, q in zip(tops, tops[1:], strict=False)), b]


def losspred_cutter(items: Sequence[Spoken], path: Path, args: argparse.Namespace) -> tuple[Cutter, float, float]:
    """LossPred's min-cut; the knob is seconds a segment. What recipes/label_free/losspred.py fitted is taken from where it kept it; a cluster head
    must be there."""
    kept = path.parent / f'losspred-{args.loss}.pt'
    scorer = scorer_from(path, args.loss, True, torch.load(kept, weights_only=True) if kept.exists() else None)
    if args.loss == 'cluster' and not kept.exists():
        raise SystemExit(f'{kept}: expected what recipes/label_free/losspred.py --loss cluster leaves; run it first')
    if args.loss in ('mse', 'both') and not kept.exists():
        scorer.scale = scorer.squared_error([as_utterance(i) for i in items[:20]])
    matrices, parts = [], []
    for item in items:
        x = scorer.normal(as_utterance(item))
        matrices.append(loss_matrix(scorer, x, args.span, args.spacing, args.stride))
        parts.append(stretches(item.mel, len(x) // 2))

    def cut(step: float) -> list[np.ndarray]:
        found = [boundaries_of(m, p, 1 / step, args.shortest, args.span // 2 + 2) for m, p in zip(matrices, parts, strict=True)]
        return [np.array(seconds(f)) for f in found]

    return cut, 0.06, 1.0


def student_cutter(items: Sequence[Spoken], path: Path) -> tuple[Cutter, float, float]:
    """A checkpoint of sylboost by its features alone, live."""
    state = torch.load(path, map_location='cpu', weights_only=True)
    model, us = Encoder(EncoderConfig(**state['encoder'])), [as_utterance(i) for i in items]
    model.load_state_dict(state['average'])
    outputs = encode_many(model, us, tuple(state['mel']), model.cfg.chunk_tokens, True)
    return feature_cutter(completed(outputs, us, model.cfg)), -5.0, 60.0


def bundle_cutter(items: Sequence[Spoken], folder: Path) -> tuple[Cutter, float, float]:
    """A bundle live in int8, with its own w, logits and shift."""
    config = json.loads((folder / 'config.json').read_text())
    run, mel = outputs_of(folder, 'int8', False), config['mel']
    outputs = [run(normalise(i.mel, mel['mean'], mel['std'])) for i in items]
    return feature_cutter(outputs, natural(config).w, rules_of(config)), -40.0, 60.0


def ways_of(items: Sequence[Spoken], args: argparse.Namespace) -> dict[str, tuple[Cutter, float, float]]:
    """Name -> cutter and the ends of its knob. A name that stands twice would hide one: paths are told by their last three parts."""

    def label(path: Path) -> str:
        return '/'.join(path.parts[-3:])

    ways = {} if args.rates else {'uniform': uniform_cutter(items), 'envelope minima': envelope_cutter(items)}
    ways |= {f'LossPred {label(p)}': losspred_cutter(items, p, args) for p in args.losspred}
    ways |= {f'student {label(p)}': student_cutter(items, p) for p in args.students}
    return ways | {f'bundle {p.name}': bundle_cutter(items, p) for p in args.bundles}


def equal_counts(items: Sequence[Spoken], ways: dict[str, tuple[Cutter, float, float]]) -> dict[str, dict[str, float]]:
    """Scores of each way with as many boundaries as the syllables have."""
    refs, table = [i.edges['syllables'] for i in items], {}
    for name, (cut, low, high) in ways.items():
        found, knob = at_count(cut, sum(map(len, refs)), low, high)
        a, b = (boundary_scores(refs, found, tolerance) for tolerance in (0.05, 0.02))
        row = {'F1_50ms': a['f1'], 'F1_20ms': b['f1'], 'R_value': a['r_value'], 'count': sum(map(len, found)) / sum(map(len, refs)), 'knob': knob}
        table[name] = row
    return table


def at_rates(items: Sequence[Spoken], ways: dict[str, tuple[Cutter, float, float]], rates: list[float]) -> dict[str, dict[str, float]]:
    """F1 against phones, syllables and words at each rate."""
    parts = [sounding(i.mel) for i in items]
    sound, count = sum(b - a for some in parts for a, b in some), sum(map(len, parts))
    table = {}
    for name, (cut, low, high) in ways.items():
        for hz in rates:
            found, knob = at_count(cut, hz * sound + count, low, high)
            row = {'hz': (sum(map(len, found)) - count) / sound, 'knob': knob}
            for kind in KINDS:
                if kind in items[0].edges:
                    a, b = (boundary_scores([i.edges[kind] for i in items], found, tolerance)['f1'] for tolerance in (0.05, 0.02))
                    row |= {f'{kind}_50ms': a, f'{kind}_20ms': b}
            table[f'{name} at {hz}'] = row
    return table


def print_rows(name: str, table: dict[str, dict[str, float]]) -> None:
    columns = list(dict.fromkeys(c for row in table.values() for c in row))
    print(f'\n| {name} | {" | ".join(columns)} |\n|{" --- |" * (1 + len(columns))}')
    for way, row in table.items():
        print(f'| {way} | {" | ".join(f"{row[c]:.3f}" if c in row else "" for c in columns)} |', flush=True)


def main() -> None:
    parser = losspred.arguments(argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter))
    parser.add_argument('bundles', nargs='*', type=Path)
    parser.add_argument('--students', nargs='*', type=Path, default=[], help='checkpoints of recipes/labelled/sylboost.py, features alone')
    parser.add_argument('--losspred', nargs='*', type=Path, default=[], help='checkpoints of recipes/label_free/pretrain.py')
    parser.add_argument('--rates', nargs='*', type=float, help='segments a second, in place of equal counts')
    parser.add_argument('--pack', type=Path, default=SHARED / 'eval-pack')
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--sets', nargs='*', default=[*PACK, 'kathleen', 'speechocean762'])
    parser.add_argument('--split', default='test', help='of the shards')
    parser.add_argument('--limit', type=int, default=60, help='at most so many recordings a set')
    parser.add_argument('--json', type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    tables = {}
    for name in args.sets:
        if name in PACK and (args.pack / f'{name}.json').exists():
            items = pack_items(args.pack, name)
        elif (args.data / name / 'utterances.jsonl').exists():
            items = shard_items(args.data, name, args.split)
        else:
            print(f'{name}: not there, left out')
            continue
        items = thinned(items, args.limit)
        ways = ways_of(items, args)
        tables[name] = at_rates(items, ways, args.rates) if args.rates else equal_counts(items, ways)
        print_rows(f'{name}, {len(items)} recordings', tables[name])
    if args.json:
        args.json.write_text(json.dumps(tables, indent=1) + '\n')


if __name__ == '__main__':
    main()
