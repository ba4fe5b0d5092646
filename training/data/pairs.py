"""The same speech twice: as it was recorded, on one grid of samples, and as it might have reached us, on another.

A batch holds for each row `clean` and `mel`: the second is the first through whatever data/changes/degrade.py draws for it (room, noise, level,
codec) and batches.augment, `offset` samples later. Labels lie on the second's grid; segments (between two reference boundaries) carry the same
number in both, so that what a teacher makes of one can be asked of the other.
Letters: B rows, T tokens, S segments a row.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from data.batches import Batches, Utterance, augment, token_labels
from data.changes.coded import sixteen_bits
from data.changes.degrade import degraded, draw
from data.changes.effects import gain
from data.mel import CENTRE, FRAME_SAMPLES, HOP_SAMPLES, SAMPLE_RATE, TOKEN, TOKEN_SAMPLES, frames_at
from data.shards import cmu_syllable
from model.prototypes import LEAST

LABELS = ('boundary', 'weight', 'phone', 'speech', 'late')


def common_syllables(utterances: list[Utterance], most: int) -> dict[str, int]:
    """The `most` frequent syllables that are said LEAST times or more -> their class; a corpus counts by the square root of its size."""
    said: dict[str, Counter] = {}
    for u in utterances:
        said.setdefault(u.corpus, Counter()).update(map(cmu_syllable, u.labels))
    weight: Counter = Counter()
    for counts in said.values():
        for name, n in counts.items():
            weight[name] += n / counts.total() ** 0.5
    total = sum(said.values(), Counter())
    kept = [name for name, _ in weight.most_common() if total[name] >= LEAST][:most]
    return {name: k for k, name in enumerate(kept)}


@dataclass
class Piece:
    """Part of one recording, twice: mels (2t, 128), labels (t,), the segment of each token (t,) or -1, the syllable class of each segment or -1."""

    clean: np.ndarray
    mel: np.ndarray
    labels: dict[str, np.ndarray]
    clean_segment: np.ndarray
    segment: np.ndarray
    classes: np.ndarray


@dataclass
class Pairs:
    """Draws batches by step number from recordings with samples."""

    utterances: list[Utterance]
    classes: dict[str, int]
    mean: float
    std: float
    seed: int = 0
    weights: dict[str, float] | None = None
    degraded: float = 0.55  # share of the pieces that are heard so

    def __post_init__(self) -> None:
        if any(u.wave is None for u in self.utterances):
            raise ValueError('expected shards with wave.npy; make them again with data/shards.py')
        self.drawn = Batches(self.utterances, self.mean, self.std, self.seed, self.weights)

    def heard(self, rng: np.random.Generator, u: Utterance, first: int, last: int) -> np.ndarray:
        """Samples `first` to `last` as they might have arrived: (n,) in [-1, 1]."""
        samples = u.wave[first:last].astype(np.float32) / 32768
        if rng.random() < self.degraded and samples.any():  # a ratio to silence is none
            samples = degraded(samples, draw(rng))
        if rng.random() < 0.35:  # another level, in 16 bits
            samples = sixteen_bits(gain(samples, rng.uniform(-45, 6)))
        return samples

    def piece(self, rng: np.random.Generator, tokens: int, offset: int) -> Piece:
        """At most `tokens` tokens of one utterance."""
        u = self.drawn.pick(rng)
        stretch = float(np.exp(rng.uniform(-0.2, 0.2))) if rng.random() < 0.5 else 1.0
        hop = HOP_SAMPLES * stretch
        t = min(tokens, (int((len(u.wave) - FRAME_SAMPLES - TOKEN_SAMPLES) / hop) + 1) // 2)
        if t < 1:
            return Piece(*[np.zeros((0, 128), np.float32)] * 2, {n: np.zeros(0) for n in LABELS}, *[np.zeros(0, np.int64)] * 3)
        at = np.round(np.arange(2 * t) * hop).astype(int)
        span = at[-1] + FRAME_SAMPLES + TOKEN_SAMPLES
        first = int(rng.integers(0, max(1, len(u.wave) - span + 1)))
        clean = frames_at(u.wave[first : first + span].astype(np.float32) / 32768, at)
        mel = frames_at(self.heard(rng, u, first, first + span), at + offset)
        if rng.random() < 0.5:
            mel = augment(mel, rng)
        begin, end = first / SAMPLE_RATE, (first + span) / SAMPLE_RATE
        centre = begin + (np.arange(t) * TOKEN + CENTRE) * stretch
        segments = [np.searchsorted(u.edges, c, side='right') - 1 for c in (centre, centre + offset / SAMPLE_RATE)]
        whole = np.flatnonzero((u.edges[:-1] >= begin) & (u.edges[1:] <= end)) if len(u.edges) > 1 else np.zeros(0, int)
        whole = whole[np.isin(whole, segments[0]) & np.isin(whole, segments[1])]
        number = np.full(len(u.edges) + 1, -1)  # one more: searchsorted gives -1 before the first edge, and the last edge begins no segment
        number[whole] = np.arange(len(whole))
        labels = token_labels(u, t, begin + offset / SAMPLE_RATE, stretch) | {'late': np.full(t, offset / TOKEN_SAMPLES / stretch, np.float32)}
        return Piece(clean, mel, labels, *(number[s] for s in segments), self.classes_of(u, whole))

    def classes_of(self, u: Utterance, segments: np.ndarray) -> np.ndarray:
        """The class of what is said in each segment between two edges of an utterance; -1 in a pause and for rare syllables."""
        middle = (u.edges[segments] + u.edges[segments + 1]) / 2 if len(segments) else np.zeros(0)
        k = np.searchsorted(u.syllables[:, 0], middle, side='right') - 1
        inside = (k >= 0) & (middle < u.syllables[np.maximum(k, 0), 1])
        return np.array([self.classes.get(cmu_syllable(u.labels[i]), -1) if said else -1 for i, said in zip(k, inside, strict=True)], np.int64)

    def batch(self, step: int, crops: int, tokens: int, pieces: int) -> dict[str, np.ndarray]:
        """clean, mel (B, 2T, 128) normalised; lengths (B,); labels, clean_segment, segment (B, T); classes (B, S).

        late, one of the labels: how many tokens later `mel` is than `clean`, up to 1.3.
        """
        rng = np.random.default_rng((self.seed, step, 2))
        clean, mel = (np.zeros((crops, 2 * tokens, 128), np.float32) for _ in range(2))
        labels = {n: np.zeros((crops, tokens), np.int64 if n == 'phone' else np.float32) for n in LABELS}
        clean_segment, segment = (np.full((crops, tokens), -1, np.int64) for _ in range(2))
        lengths, offset, classes = np.zeros(crops, np.int64), rng.integers(0, TOKEN_SAMPLES, crops), []
        for row in range(crops):
            at, said = 0, []
            for _ in range(pieces):
                if tokens - at < 20:
                    break
                p = self.piece(rng, tokens - at, int(offset[row]))
                t = len(p.segment)
                for target, source in ((clean, p.clean), (mel, p.mel)):
                    target[row, 2 * at : 2 * (at + t)] = 0.5 * (source - self.mean) / self.std
                for n in LABELS:
                    labels[n][row, at : at + t] = p.labels[n]
                for target, source in ((clean_segment, p.clean_segment), (segment, p.segment)):
                    target[row, at : at + t] = np.where(source >= 0, source + len(said), -1)
                said += p.classes.tolist()
                at += t
            lengths[row] = at
            classes.append(said)
        most = max(1, max(map(len, classes)))
        table = np.array([said + [-1] * (most - len(said)) for said in classes], np.int64)
        rows = {'clean_segment': clean_segment, 'segment': segment, 'classes': table}
        return {'clean': clean, 'mel': mel, 'lengths': lengths, **labels, **rows}
