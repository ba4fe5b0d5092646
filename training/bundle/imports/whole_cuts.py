"""How SyllableLM's authors cut a whole recording: as few segments as leave the 75th percentile of the variance within them at δ.

It wants the end of the recording before it says anything, so it is no way of the runtime; it says how far the dial's cuts are from theirs.
Cost of a segment and lengths as in segment/segmenter.py; their longest is 35 tokens. Letters: n tokens, m segments at most.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from segment.segmenter import Rules, costs

DELTAS = {8.33: 0.0033, 6.25: 0.0028, 5.0: 0.0019}  # of the published SylBoost, by units a second
QUANTILE = 0.75
RULES = Rules(max_tokens=35)
MOST_A_TOKEN = 0.2  # 10 segments a second
LEAST_TOKENS = 15  # of a recording: below that theirs fail
FAR = 16384.0  # their price of what cannot be


@njit(cache=True)
def _backs(cost: np.ndarray, segments: int, shortest: int) -> np.ndarray:
    """back[t, j]: tokens of the last of at most j segments that end at t; (n + 1, segments + 1)."""
    n, longest = len(cost) - 1, cost.shape[1] - 1
    back = np.zeros((n + 1, segments + 1), np.int64)
    before = np.full(n + 1, FAR)
    before[0] = 0.0
    for j in range(1, segments + 1):
        now = np.full(n + 1, FAR)
        now[0] = 0.0
        for t in range(1, n + 1):
            best = np.inf
            for k in range(shortest, longest + 1):
                value = (before[t - k] + min(FAR, cost[t, k])) if k <= t else 2 * FAR
                if value < best:
                    best = value
                    back[t, j] = k
            now[t] = best
        before = now
    return back


def _path(back: np.ndarray, j: int) -> np.ndarray:
    nodes = [len(back) - 1]
    while nodes[-1] > 0 and j > 0:
        nodes.append(max(0, nodes[-1] - back[nodes[-1], j]))
        j -= 1
    return np.array(nodes[::-1])


def whole_cuts(features: np.ndarray, delta: float) -> np.ndarray:
    """Features (n, D) -> boundaries in tokens, from 0 to n, both included."""
    n = len(features)
    if n < LEAST_TOKENS:
        raise ValueError(f'expected at least {LEAST_TOKENS} tokens, got {n}')
    cost = costs(features, RULES)[:, : min(n, RULES.max_tokens) + 1]
    most = int(MOST_A_TOKEN * n)
    back = _backs(cost, most, RULES.min_tokens)
    low, high, chosen = most // 3, most, most // 3
    while low <= high:
        j = (low + high) // 2
        path = _path(back, j)
        lengths = np.diff(path)
        if np.quantile(cost[path[1:], lengths] / lengths, QUANTILE) > delta:
            low, chosen = j + 1, j
        else:
            high = j - 1
    return _path(back, chosen)


def agreement(found: list[np.ndarray], theirs: list[np.ndarray]) -> float:
    """F1 of boundaries that are the same token, over all recordings, ends left out."""
    a, b = ([set(map(int, cuts[1:-1])) for cuts in some] for some in (found, theirs))
    same = sum(len(x & y) for x, y in zip(a, b, strict=True))
    return 2 * same / max(1, sum(map(len, a)) + sum(map(len, b)))
