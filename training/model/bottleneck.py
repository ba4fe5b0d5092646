"""Names merged by what becomes of them: the agglomerative information bottleneck (Slonim and Tishby, 1999).

Two names are one unit where the same happens to both: where the same speech, changed, is called alike. Each merge is the one that loses the
least of the mutual information between the units and what they become. Letters: K names, C outcomes, M units.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True)
def entropy(row: np.ndarray) -> float:
    """Entropy of a distribution (C,), nats."""
    total = 0.0
    for p in row:
        if p > 0:
            total -= p * np.log(p)
    return total


@njit(cache=True)
def lost_by(i: int, others: np.ndarray, rows: np.ndarray, share: np.ndarray, known: np.ndarray) -> np.ndarray:
    """What a merge of name i with each of `others` loses; rows (K, C): outcomes of each, known (K,): their entropies."""
    lost = np.zeros(len(others))
    for n, j in enumerate(others):
        both = share[i] + share[j]
        if both > 0:
            lost[n] = both * entropy((share[i] * rows[i] + share[j] * rows[j]) / both) - share[i] * known[i] - share[j] * known[j]
    return lost


def merge_alike(joint: np.ndarray, count: int) -> np.ndarray:
    """joint (K, C): how often each name had each outcome -> the unit of each name (K,), 0 to count - 1. A name that never came up joins any other."""
    K = len(joint)
    share = joint.sum(1) / joint.sum()
    rows = joint / np.maximum(joint.sum(1, keepdims=True), 1e-300)
    known, of, alive = np.array([entropy(row) for row in rows]), np.arange(K), np.ones(K, bool)
    lost = np.full((K, K), np.inf)
    for i in range(K):
        others = np.arange(i + 1, K)
        lost[i, others] = lost[others, i] = lost_by(i, others, rows, share, known)
    for _ in range(K - count):
        i, j = divmod(int(lost.argmin()), K)
        both = share[i] + share[j]
        rows[i] = (share[i] * rows[i] + share[j] * rows[j]) / both if both else rows[i]
        share[i], known[i], alive[j] = both, entropy(rows[i]), False
        of[of == j] = i
        lost[j] = lost[:, j] = np.inf
        others = np.flatnonzero(alive & (np.arange(K) != i))
        lost[i, others] = lost[others, i] = lost_by(i, others, rows, share, known)
    return np.unique(of, return_inverse=True)[1]
