"""Same word or not, by units: average precision over pairs of spoken words of different speakers, nearest first.

The distance of two spoken words is the edit distance of their unit sequences over the longer one's length. After the same-different
task of Carlin et al. (Interspeech 2011), here across speakers only and for words of at least four letters. Chance is the share of pairs
that are one word.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from sklearn.metrics import average_precision_score

LETTERS = 4


@dataclass
class SpokenWord:
    """One token of a word: who said it, and the units over it by name of the unit system."""

    word: str
    speaker: str
    units: dict[str, list[int]]


@njit(cache=True)
def edit_distance(a: np.ndarray, b: np.ndarray) -> int:
    """Levenshtein distance of two sequences."""
    row = np.arange(len(b) + 1)
    for i in range(1, len(a) + 1):
        corner = row[0]
        row[0] = i
        for j in range(1, len(b) + 1):
            above = row[j]
            row[j] = min(above + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1]))
            corner = above
    return row[len(b)]


def pairs(tokens: list[SpokenWord], system: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Over all pairs of different speakers: nearness (minus the distance), whether it is one word, and both tokens' numbers (2, pairs)."""
    first, second = np.triu_indices(len(tokens), 1)
    speakers = np.unique([t.speaker for t in tokens], return_inverse=True)[1]
    words = np.unique([t.word for t in tokens], return_inverse=True)[1]
    across = speakers[first] != speakers[second]
    first, second = first[across], second[across]
    units = [np.array(t.units[system], np.int64) for t in tokens]
    near = np.array([-edit_distance(units[i], units[j]) / max(1, len(units[i]), len(units[j])) for i, j in zip(first, second, strict=True)])
    return near, words[first] == words[second], np.stack([first, second])


def average_precision(tokens: list[SpokenWord], system: str, draws: int, seed: int = 0) -> tuple[float, np.ndarray, float]:
    """Average precision, that of `draws` bootstraps over speakers (a pair counts as often as both its speakers were drawn), and chance."""
    near, same, both = pairs(tokens, system)
    if not same.any():
        raise ValueError('expected at least one word that two speakers said, got none')
    names, of = np.unique([t.speaker for t in tokens], return_inverse=True)
    rng, drawn = np.random.default_rng(seed), []
    for _ in range(draws):
        times = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))[of]
        weight = times[both[0]] * times[both[1]]
        if (weight * same).any():
            drawn.append(average_precision_score(same, near, sample_weight=weight))
    return float(average_precision_score(same, near)), np.array(drawn), float(same.mean())
