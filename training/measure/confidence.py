"""`confidence`: makes the confidences of a bundle probabilities (Platt's scaling; docs/bundle.md), and says how true they are.

    python -m measure.confidence ../models/small --version 1.7.0

Development recordings, clean and as channels, rooms and noise bring them, are cut and named as the bundle does at its natural rate. A unit is right
where the syllable that it overlaps most is the one that it stands for most often (units.json). The odds of what its centroids weigh are fitted to
that by logistic regression, by the recordings of every other place in the list; the error is said of the rest.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from bundle.config_json import natural, rules_of
from bundle.read import read_bundle
from bundle.rebundle import update_bundle
from data.batches import Utterance
from data.changes.degrade import SEEN
from data.mel import log_mel
from data.places import RUNS
from data.shards import cmu_syllable
from measure.agreement import calibration
from segment import segmenter
from segment.overlap import most_overlapped
from stage.development import dev_sets
from stage.encode import encode_many

REACH = 20.0  # squared distances beyond the nearest one's that weigh nothing
SURE = 1e-6  # a share is no nearer to 0 and 1
HEARD = ('telephone', 'pink noise 20 dB', 'pink noise 10 dB', 'quiet 35 dB', 'made-up room')  # of SEEN, besides clean


def shares(vectors: np.ndarray, codebook: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Vectors (n, D) -> the unit of each (n,), and what that unit's centroids have of all weights e^-distance^2 (n,)."""
    points, centroids = segmenter.projected(vectors, codebook), codebook['centroids'].astype(np.float64)
    squares = (points**2).sum(1)[:, None] + (centroids**2).sum(1) - 2 * points @ centroids.T  # (n, K)
    beyond = squares - squares.min(1, keepdims=True)
    weights = np.where(beyond <= REACH, np.exp(-beyond), 0)
    units = codebook['units'][squares.argmin(1)]
    own = (weights * (codebook['units'][None] == units[:, None])).sum(1)
    return units, own / weights.sum(1)


def odds(share: np.ndarray) -> np.ndarray:
    p = np.clip(share, SURE, 1 - SURE)
    return np.log(p / (1 - p))


def fitted(share: np.ndarray, right: np.ndarray) -> dict[str, float]:
    """Slope and intercept of the logistic regression of `right` on the odds of `share`."""
    if right.all() or not right.any():
        raise SystemExit(f'confidence: expected right and wrong units, got {int(right.sum())} right of {len(right)}; give it more speech')
    model = LogisticRegression(C=1e6).fit(odds(share)[:, None], right)
    slope = float(model.coef_[0, 0])
    if slope <= 0:
        raise SystemExit(f'confidence: expected units to be right more often the larger their share, got a slope of {slope:.3f}')
    return {'slope': round(slope, 4), 'intercept': round(float(model.intercept_[0]), 4)}


def probability(share: np.ndarray, fit: dict[str, float]) -> np.ndarray:
    return 1 / (1 + np.exp(-(fit['slope'] * odds(share) + fit['intercept'])))


def heard(us: list[Utterance], change: str) -> list[Utterance]:
    """The recordings after a change of SEEN, or as they are."""
    if change == 'clean':
        return us
    return [replace(u, mel=log_mel(SEEN[change](u.wave.astype(np.float32) / 32768)).numpy()) for u in us]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundle', type=Path)
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--corpora', nargs='*')
    parser.add_argument('--dev', type=int, default=60, help='development recordings of each corpus')
    parser.add_argument('--version')
    args = parser.parse_args()
    model, config, codebook = read_bundle(args.bundle)
    cards = json.loads((args.bundle / 'units.json').read_text())
    said = [cards['syllables'][unit['says'][0][0]]['phones'].lower() if unit['says'] else '' for unit in cards['units']]
    mel, rate, rules = (config['mel']['mean'], config['mel']['std']), natural(config), rules_of(config)
    us = [u for some in dev_sets(args.data, args.dev, args.corpora).values() for u in some if u.wave is not None]
    share, right, place, of = [], [], [], []
    for change in ('clean', *HEARD):
        outputs = encode_many(model, heard(us, change), mel, model.cfg.chunk_tokens, False)
        for k, (u, o) in enumerate(zip(us, outputs, strict=True)):
            cuts = segmenter.search(segmenter.costs(o['features'], rules), o['boundary'], rate, rules)
            spoken = ~segmenter.pauses(o['speech'], cuts)
            units, own = shares(segmenter.segment_vectors(o['features'], cuts, config['units']['trimTokens'])[spoken], codebook)
            syllable = most_overlapped(cuts, u.syllables)[spoken]
            share += own.tolist()
            right += [s >= 0 and said[unit - 1] == cmu_syllable(u.labels[s]) for unit, s in zip(units, syllable, strict=True)]
            place += [k] * len(units)
            of += [change] * len(units)
        print(f'{change}: {len(share)} units', flush=True)
    share, right, place, of = np.array(share), np.array(right), np.array(place), np.array(of)
    rest = place % 2 == 1
    half = fitted(share[~rest], right[~rest])
    trust = {c: calibration(probability(share[rest & (of == c)], half), right[rest & (of == c)]) for c in ('clean', *HEARD)}
    for change, found in trust.items():
        print(change, {name: round(value, 3) for name, value in found.items()})
    config['units']['confidence'] = fitted(share, right)
    print(config['units']['confidence'])
    update_bundle(args.bundle, config, {'version': args.version} if args.version else {})


if __name__ == '__main__':
    main()
