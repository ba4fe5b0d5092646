"""The dial and the codebook of an imported network, from recordings that nobody labelled."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bundle.codebook import Codebook, clustered
from bundle.imports.live import Run, Steps, spread
from bundle.imports.whole_cuts import LEAST_TOKENS, agreement, whole_cuts
from data.mel import AudioError, log_mel, read_audio
from segment import segmenter
from segment.stand_ins import FEATURES_ONLY, complete

SUFFIXES = ('.wav', '.flac', '.ogg', '.mp3', '.opus')
MOST_CUT = 120  # recordings that λ is found on
NUMBERED = (5.0, 6.25, 8.33)  # units per second of non-pause (SyllableLM's three)
Outputs = dict[str, np.ndarray]


def recordings(folder: Path, hours: float) -> tuple[list[np.ndarray], float]:
    """Recordings of a folder and its subfolders, 16 kHz mono, up to so many hours, drawn evenly over it; and the hours of them."""
    paths = sorted(p for p in folder.rglob('*') if p.suffix.lower() in SUFFIXES)
    np.random.default_rng(0).shuffle(paths)
    waves, seconds, unfit = [], 0.0, []
    for path in paths:
        if seconds >= 3600 * hours:
            break
        try:
            wave = read_audio(path)
        except AudioError as error:
            unfit.append(str(error))
            continue
        waves.append(wave)
        seconds += len(wave) / 16_000
    if unfit:
        print(f'left out {len(unfit)} recordings, the first: {unfit[0]}')
    if not waves:
        raise SystemExit(f'{folder}: expected recordings ({", ".join(SUFFIXES)}), found none that can be used')
    return waves, seconds / 3600


def outputs_of(run: Run, waves: Sequence[np.ndarray], steps: Steps) -> list[Outputs]:
    """What can be cut of each recording: features, and the level's stand-in for speech."""
    out = []
    for k, wave in enumerate(waves):
        mel = log_mel(wave).numpy().astype(np.float64)
        out.append(complete({'features': spread(run, wave, steps)}, mel, FEATURES_ONLY, steps.chunk, steps.delay))
        if k % 50 == 49:
            print(f'{k + 1} of {len(waves)} recordings', flush=True)
    return out


class Cutter:
    """Recordings that can be cut at any λ, w being 1 over the variance of a feature: so λ is of one size whatever the network's scale."""

    def __init__(self, outputs: Sequence[Outputs], rules: segmenter.Rules):
        self.outputs, self.rules = outputs, rules
        some = np.concatenate([o['features'] for o in outputs])
        self.w = round(1 / max(float(some.var(0).mean()), 1e-12), 6)
        self.some = [(segmenter.costs(o['features'], rules), o) for o in outputs[:MOST_CUT]]

    def hz(self, lam: float) -> float:
        """Units per second of non-pause."""
        units = tokens = 0
        for cost, o in self.some:
            cuts = segmenter.search(cost, o['boundary'], segmenter.Rate('', 0, self.w, lam), self.rules)
            spoken = ~segmenter.pauses(o['speech'], cuts)
            units, tokens = units + int(spoken.sum()), tokens + int(np.diff(cuts)[spoken].sum())
        return 50 * units / max(1, tokens)

    def rate(self, name: str, wanted: float) -> segmenter.Rate:
        """λ by bisection."""
        low, high = -4.0, 50.0
        for _ in range(20):
            lam = (low + high) / 2
            low, high = (lam, high) if self.hz(lam) > wanted else (low, lam)
        return segmenter.Rate(name, wanted, self.w, round((low + high) / 2, 5))

    def same_as_authors(self, rate: segmenter.Rate, delta: float) -> float:
        """F1 of the cuts at a rate against those of SyllableLM's authors, who cut a recording when it is over."""
        long = [(cost, o) for cost, o in self.some if len(o['features']) >= LEAST_TOKENS]
        found = [segmenter.search(cost, o['boundary'], rate, self.rules) for cost, o in long]
        same = round(agreement(found, [whole_cuts(o['features'], delta) for _, o in long]), 4)
        print(f'cuts that are those of the authors, to the token: F1 {same}', flush=True)
        return same


def vectors(cutter: Cutter, rate: segmenter.Rate, trim: int = 1) -> np.ndarray:
    """Segments that are no pauses, (n, D), standardised."""
    rows = []
    for o in cutter.outputs:
        cuts = segmenter.search(segmenter.costs(o['features'], cutter.rules), o['boundary'], rate, cutter.rules)
        rows.append(segmenter.segment_vectors(o['features'], cuts, trim)[~segmenter.pauses(o['speech'], cuts)].astype(np.float32))
    return np.concatenate(rows)


def codebook_of(cutter: Cutter, rate: segmenter.Rate, centroids: int, merged: int) -> Codebook:
    """k-means and Ward's merge of the segments at a rate."""
    found = vectors(cutter, rate)
    codebook = clustered(found, centroids, merged)
    print(f'{len(found)} segments, {len(codebook["centroids"])} centroids, {int(codebook["units"].max())} units', flush=True)
    return codebook
