"""Zero-shot items (c): the right ending of a short passage against the ending of another passage of the same source.

Two passages swap their last sentences, so every ending is as often right as wrong, and no liking for an ending as such can help.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

CONTEXT_WORDS, ENDING_WORDS = (12, 30), (5, 15)


def stories(texts: Path, split: str) -> Iterator[tuple[str, str, str, str]]:
    """(source, document, context, ending): non-overlapping runs of sentences of the held-out documents."""
    for d in map(json.loads, texts.open(encoding='utf-8')):
        if d['split'] != split:
            continue
        context: list[str] = []
        for sentence in d['sentences']:
            size, said = len(sentence.split()), sum(len(s.split()) for s in context)
            if said >= CONTEXT_WORDS[0] and ENDING_WORDS[0] <= size <= ENDING_WORDS[1]:
                yield d['source'], d['id'], ' '.join(context), sentence
                context = []
                continue
            context.append(sentence)
            while sum(len(s.split()) for s in context) > CONTEXT_WORDS[1]:
                context.pop(0)


def ending_items(texts: Path, split: str, voices: list[str], pairs: int, seed: int = 0) -> tuple[list[dict], list[dict]]:
    """Rows to speak and pairs to score. Sources take part by how many stories they have."""
    by_source: dict[str, list] = {}
    for source, *story in stories(texts, split):
        by_source.setdefault(source, []).append(story)
    rng = np.random.default_rng(seed)
    quadruples = []
    for source, found in by_source.items():
        order = [found[k] for k in rng.permutation(len(found))]
        order.sort(key=lambda s: len(s[2].split()))  # stable: like lengths side by side, at random among them
        quadruples += [(source, a, b) for a, b in zip(order[::2], order[1::2], strict=False) if a[0] != b[0]]
    rows, out = [], []
    for n, k in enumerate(rng.permutation(len(quadruples))[: (pairs + 1) // 2]):
        source, a, b = quadruples[k]
        voice = voices[n % len(voices)]
        for m, ((_, context, own), (_, _, other)) in enumerate(((a, b), (b, a))):
            names = [f'ending/{split}-{n:05d}-{m}-{side}' for side in ('right', 'wrong')]
            rows += [{'id': i, 'text': f'{context} {end}', 'voice': voice} for i, end in zip(names, (own, other), strict=True)]
            out.append({'test': 'ending', 'kind': source, 'voice': voice, 'cluster': f'ending{n}', 'right': names[0], 'wrong': names[1]})
    return rows, out
