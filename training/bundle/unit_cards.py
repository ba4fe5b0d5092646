"""`unit_cards`: what each unit of a bundle stands for, counted on training speech, into its units.json (docs/bundle.md).

    python -m bundle.unit_cards ../models/small --version 1.5.0

Every segment of training speech, cut and named as the bundle does at its natural rate, counts for the syllable that it overlaps most.
A syllable is written as it is most often spelled: alone, as a word, or between the hyphens of longer words. The encoder, the codebook and
the golden files stay; manifest and card are written anew.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyphen

from bundle.codebook import spoken_segments
from bundle.config_json import natural, rules_of
from bundle.read import read_bundle
from bundle.rebundle import update_bundle
from data.batches import load_shards, some_hours
from data.lexicon import BREAK, Lexicon, syllabify, words_of
from data.places import RUNS
from data.shards import cmu_syllable
from segment import segmenter

MOST_SAID, MOST_FINE, MOST_NEAR = 5, 3, 5
LEAST_SHARE = 0.05  # of a unit's segments: rarer syllables are not named
WHOLE = 4  # a word says better how a syllable is spelled than a piece of one
SMOOTHING = 2.0  # segments of its unit that a centroid's own counts are mixed with


def spellings(rows: Iterable[tuple[str, list[str]]], lexicon: Lexicon) -> dict[str, str]:
    """Syllable, as 'f r eh n d' -> its commonest spelling. rows: a text and the syllables that were heard of it.

    A word counts where it has as many pieces of spelling as syllables: as the lexicon has them, and as they were heard where a text has as
    many syllables as were heard of it (so that "of" is `ah v`).
    """
    hyphens = pyphen.Pyphen(lang='en_US')
    counts = defaultdict(Counter)
    rows = list(rows)
    lexicon.learn(text for text, _ in rows)
    syllables = {word: [cmu_syllable(' '.join(s)) for s in syllabify(phones)] for word, phones in lexicon.phones.items()}

    def count(word: str, said: list[str]) -> None:
        pieces = [word] if len(said) == 1 else hyphens.inserted(word).split('-')
        if len(pieces) == len(said):
            for syllable, piece in zip(said, pieces, strict=True):
                counts[syllable][piece] += WHOLE if len(pieces) == 1 else 1

    for text, heard in rows:
        words = [word for word in words_of(text) if word != BREAK]
        sizes = [len(syllables[word]) for word in words]
        ends = np.cumsum(sizes)
        for word, size, end in zip(words, sizes, ends, strict=True):
            count(word, syllables[word])
            if ends[-1] == len(heard):
                count(word, heard[end - size : end])
    return {syllable: counter.most_common(1)[0][0] for syllable, counter in counts.items()}


def near_units(book: dict[str, np.ndarray], most: int) -> list[list[int]]:
    """For each unit the others, by the distance of their nearest centroids."""
    centroids, units = book['centroids'].astype(np.float64), book['units']
    squares = (centroids**2).sum(1)
    distance = np.maximum(squares[:, None] + squares - 2 * centroids @ centroids.T, 0)
    M = int(units.max())
    between = np.full((M, M), np.inf)
    np.minimum.at(between, (units[:, None] - 1, units - 1), distance)
    np.fill_diagonal(between, np.inf)
    return [(np.argsort(row, kind='stable')[: min(most, M - 1)] + 1).tolist() for row in between]


def counted(fine: np.ndarray, syllables: list[str], units: np.ndarray, spelled: dict[str, str]) -> dict:
    """units.json but for `rate` and `near`. fine: centroid of each segment; units: the unit of each centroid."""
    K, M = len(units), int(units.max())
    by_unit, by_fine = [Counter() for _ in range(M)], [Counter() for _ in range(K)]
    for k, syllable in zip(fine, syllables, strict=True):
        by_unit[units[k] - 1][syllable] += 1
        by_fine[k][syllable] += 1
    names: dict[str, int] = {}

    def rows(counts: dict[str, float], most: int) -> list[list[float]]:
        total = sum(counts.values())
        best = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
        return [[names.setdefault(s, len(names)), round(n / total, 3)] for s, n in best if n >= LEAST_SHARE * total]

    def mixed(own: Counter, whole: Counter) -> dict[str, float]:
        total = sum(whole.values())
        return {s: own[s] + SMOOTHING * n / total for s, n in whole.items()} if total else {}

    heard = len(syllables)
    said = [{'share': round(sum(c.values()) / heard, 6), 'says': rows(c, MOST_SAID)} for c in by_unit]
    finer = [rows(mixed(by_fine[k], by_unit[units[k] - 1]), MOST_FINE) for k in range(K)]
    table = [{'phones': s.upper(), **({'spelled': spelled[s]} if s in spelled else {})} for s in names]
    return {'segments': heard, 'syllables': table, 'units': said, 'fine': finer}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundle', type=Path)
    parser.add_argument('--version', required=True)
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--corpora', nargs='*')
    parser.add_argument('--hours', type=float, default=100)
    parser.add_argument('--lexicon', type=Path, default=RUNS / 'lexicon.tsv')
    args = parser.parse_args()
    model, config, book = read_bundle(args.bundle)
    utterances = some_hours(load_shards(args.data, args.corpora), args.hours, 0)
    mel, rate = (config['mel']['mean'], config['mel']['std']), natural(config)
    spoken = spoken_segments(model, utterances, mel, rate, rules_of(config), config['units']['trimTokens'])
    book = {name: value if name == 'units' else value.astype(np.float64) for name, value in book.items()}
    parts = np.array_split(spoken.vectors.astype(np.float64), 1 + len(spoken.vectors) // 4096)
    fine = np.concatenate([segmenter.nearest(segmenter.projected(part, book), book['centroids']) for part in parts])
    lines = (json.loads(line) for shard in args.data.glob('*/utterances.jsonl') for line in shard.open(encoding='utf-8'))
    rows = ((j['text'], [cmu_syllable(s[2]) for s in j['syllables']]) for j in lines)
    found = counted(fine, spoken.syllables, book['units'], spellings(rows, Lexicon(args.lexicon)))
    for unit, near in zip(found['units'], near_units(book, MOST_NEAR), strict=True):
        unit['near'] = near
    (args.bundle / 'units.json').write_text(json.dumps({'rate': rate.name, **found}, separators=(',', ':')) + '\n')
    update_bundle(args.bundle, config, {'version': args.version})
    heard = sum(1 for u in found['units'] if u['says'])
    print(f'{len(fine)} segments, {heard} of {len(found["units"])} units and {len(found["syllables"])} syllables named')


if __name__ == '__main__':
    main()
