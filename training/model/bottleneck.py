"""Names merged by what becomes of them: the agglomerative information bottleneck (Slonim and Tishby, 1999).

Two names are one unit where the same happens to both: where the same speech, changed, is called alike. Each merge is the one that loses the
least of the mutual information between the units and what they become. Letters: K names, C outcomes, M units.
"""

from __future__ import annotations

import numpy as np

COLUMNS = 256  # names that one name is compared with at a time


def entropies(rows: np.ndarray) -> np.ndarray:
    """Entropy of each row, (..., C) -> (...), nats."""
    return -np.sum(np.where(rows > 0, rows * np.log(np.maximum(rows, 1e-300)), 0), -1)


def merge_alike(joint: np.ndarray, count: int) -> np.ndarray:
    """joint (K, C): how often each name had each outcome -> the unit of each name (K,), 0 to count - 1. A name that never came up joins any other."""
    share = joint.sum(1) / joint.sum()
    rows = joint / np.maximum(joint.sum(1, keepdims=True), 1e-300)
    known, of, alive = entropies(rows), np.arange(len(joint)), np.ones(len(joint), bool)

    def lost_by(i: int, others: np.ndarray) -> np.ndarray:
        both = share[i] + share[others]
        part = np.divide(share[i], both, out=np.full(len(others), 0.5), where=both > 0)[:, None]
        mixed = part * rows[i] + (1 - part) * rows[others]
        return both * entropies(mixed) - share[i] * known[i] - share[others] * known[others]

    lost = np.full((len(joint), len(joint)), np.inf)
    for i in range(len(joint)):
        for at in range(i + 1, len(joint), COLUMNS):
            others = np.arange(at, min(at + COLUMNS, len(joint)))
            lost[i, others] = lost[others, i] = lost_by(i, others)
    for _ in range(len(joint) - count):
        i, j = divmod(int(lost.argmin()), len(joint))
        both = share[i] + share[j]
        rows[i] = (share[i] * rows[i] + share[j] * rows[j]) / both if both else rows[i]
        share[i], known[i], alive[j] = both, entropies(rows[i]), False
        of[of == j] = i
        lost[j] = lost[:, j] = np.inf
        others = np.flatnonzero(alive & (np.arange(len(joint)) != i))
        lost[i, others] = lost[others, i] = lost_by(i, others)
    return np.unique(of, return_inverse=True)[1]
