"""Boundaries and units from features, as docs/bundle.md has them, in numba, whole (full backtrace) and online (exact and forced commits).

Cost of a segment [a, b): C = (1/D) (sum |x|^2 - |sum x|^2 / (b - a)). Minimised: sum of w C + even (b - a)^2 + lambda - g_b, g_b the clamped
boundary logit before token b (0 at the very end). Ties go to the earlier start. All arithmetic in float64.
Letters: n tokens, D features, H and P the projection head's widths, K centroids. A codebook is the tensors of codebook.safetensors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from data.mel import BOUNDARY_OFFSET, TOKEN_SAMPLES


@dataclass(frozen=True)
class Rate:
    """One setting of the dial: a name, its mean units per second of non-pause, and the weights of the search.

    even, the weight of the squared length in tokens, draws segments towards one length: the rate then depends less on the speaker's tempo.
    """

    name: str
    hz: float
    w: float
    lam: float
    even: float = 0.0


@dataclass(frozen=True)
class Rules:
    """What the search needs besides a rate; names as in config.json."""

    min_tokens: int = 3
    max_tokens: int = 50
    logit_clamp: float = 6.0
    shift_samples: int = 0


@njit(cache=True)
def _costs(x: np.ndarray, longest: int) -> np.ndarray:
    """cost[t, k] = C(t - k, t) for k up to `longest`; (n + 1, longest + 1)."""
    n, width = x.shape
    cost = np.zeros((n + 1, longest + 1))
    total = np.zeros(width)
    for t in range(1, n + 1):
        total[:] = 0.0
        square = 0.0
        for k in range(1, min(t, longest) + 1):
            norm = 0.0
            for d in range(width):
                v = x[t - k, d]
                total[d] += v
                square += v * v
                norm += total[d] * total[d]
            cost[t, k] = max(0.0, (square - norm / k) / width)
    return cost


def costs(features: np.ndarray, rules: Rules) -> np.ndarray:
    """Segment costs of an utterance, (n + 1, max_tokens + 1); they do not depend on the rate, so a calibration computes them once."""
    return _costs(np.ascontiguousarray(features, np.float64), rules.max_tokens)


def priced(cost: np.ndarray, rate: Rate) -> np.ndarray:
    """What each segment of `costs` pays at a setting of the dial, without lambda and logit; the same shape."""
    return rate.w * cost + rate.even * np.arange(cost.shape[1]) ** 2


@njit(cache=True)
def _search(cost, g, lam, shortest, longest):
    n = len(g)
    best = np.full(n + 1, np.inf)
    back = np.full(n + 1, -1, np.int64)
    best[0] = 0.0
    for t in range(shortest, n + 1):
        gain = g[t] if t < n else 0.0
        for start in range(max(0, t - longest), t - shortest + 1):
            value = best[start] + cost[t, t - start]
            if value < best[t]:
                best[t] = value
                back[t] = start
        best[t] += lam - gain
    return best, back


def search(cost: np.ndarray, boundary: np.ndarray, rate: Rate, rules: Rules) -> np.ndarray:
    """Full-backtrace search: boundary token indices from 0 to n, both included. Fewer than min_tokens tokens are one segment."""
    n = len(boundary)
    if n < rules.min_tokens:
        return np.array([0, n] if n else [0])
    g = np.clip(boundary.astype(np.float64), -rules.logit_clamp, rules.logit_clamp)
    _, back = _search(priced(cost, rate), g, rate.lam, rules.min_tokens, rules.max_tokens)
    path = [n]
    while path[-1] > 0:
        path.append(back[path[-1]])
    return np.array(path[::-1])


def pauses(speech: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Whether each segment is a pause: its mean speech logit is below 0."""
    total = np.concatenate([[0.0], np.cumsum(speech.astype(np.float64))])
    length = np.maximum(1, np.diff(cuts))
    return (total[cuts[1:]] - total[cuts[:-1]]) / length < 0


def syllable_edges(speech: np.ndarray, cuts: np.ndarray, rules: Rules) -> np.ndarray:
    """Starts and ends of the segments that are no pauses, seconds: all boundaries, as measure/evaluate.py compares them.

    The first start and the last end count like any other; a cut between two pauses is no syllable's edge.
    """
    spoken = ~pauses(speech, cuts)
    nodes = np.unique(np.concatenate([cuts[:-1][spoken], cuts[1:][spoken]]))
    return np.array([sample_of(node, rules) / 16_000 for node in nodes])


def segment_vectors(features: np.ndarray, cuts: np.ndarray, trim: int) -> np.ndarray:
    """The vector of each segment, (segments, D): mean of its inner tokens (all where trimming would leave none), standardised over its entries."""
    rows = []
    for a, b in zip(cuts[:-1], cuts[1:], strict=True):
        if b - a > 2 * trim:
            a, b = a + trim, b - trim
        mean = features[a:b].astype(np.float64).mean(0)
        rows.append((mean - mean.mean()) / (mean.std() + 1e-5))
    return np.array(rows).reshape(-1, features.shape[1])


def projected(vectors: np.ndarray, codebook: dict[str, np.ndarray]) -> np.ndarray:
    """Vectors (segments, D) where distances are measured, (segments, P): by the codebook's projection head, if it has one."""
    if 'projection.0.weight' not in codebook:
        return vectors
    head = {name: value.astype(np.float64) for name, value in codebook.items() if name.startswith('projection.')}
    hidden = np.maximum(vectors @ head['projection.0.weight'].T + head['projection.0.bias'], 0)
    return hidden @ head['projection.2.weight'].T + head['projection.2.bias']


def nearest(vectors: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Index of the nearest centroid of each vector; ties go to the lower index."""
    c = centroids.astype(np.float64)
    return ((c * c).sum(1)[None] - 2 * vectors @ c.T).argmin(1)


def names(vectors: np.ndarray, codebook: dict[str, np.ndarray]) -> np.ndarray:
    """The unit of each vector (segments, D)."""
    return codebook['units'][nearest(projected(vectors, codebook), codebook['centroids'])]


def sample_of(token: int, rules: Rules) -> int:
    """The sample of the boundary before a token; the stream begins at sample 0, so token 0 does."""
    return TOKEN_SAMPLES * int(token) + BOUNDARY_OFFSET + rules.shift_samples if token > 0 else 0


def units(
    outputs: dict[str, np.ndarray], rate: Rate, rules: Rules, codebook: dict[str, np.ndarray], trim: int, cuts: np.ndarray | None = None
) -> list[dict]:
    """Outputs of an utterance -> its units as golden/units.json has them: id (0 = pause), start, end (samples), pause.

    cuts: where it is cut, if the full search is not to say it.
    """
    if cuts is None:
        cuts = search(costs(outputs['features'], rules), outputs['boundary'], rate, rules)
    pause = pauses(outputs['speech'], cuts)
    ids = names(segment_vectors(outputs['features'], cuts, trim), codebook)
    return [
        {'id': 0 if p else int(i), 'start': sample_of(a, rules), 'end': sample_of(b, rules), 'pause': bool(p)}
        for i, p, a, b in zip(ids, pause, cuts[:-1], cuts[1:], strict=True)
    ]


@njit(cache=True)
def _judge(cost, g, lam, shortest, longest, root, open_from, known, best, back, until):
    """Search from `root` over the nodes before `known`; fills best, back and until (the node before which a start must end)."""
    best[root] = 0.0
    back[root] = root
    until[root] = root + longest + 1
    for t in range(root + 1, known):
        best[t] = np.inf
        back[t] = -1
        until[t] = t + longest + 1
        if t < open_from:
            continue
        for start in range(max(root, t - longest), t - shortest + 1):
            if best[start] < np.inf and until[start] > t:
                value = best[start] + cost[t, t - start]
                if value < best[t]:
                    best[t] = value
                    back[t] = start
        if best[t] == np.inf:
            continue
        best[t] += lam - g[t]
        for start in range(max(root, t - longest), t):
            if best[start] < np.inf and best[start] + cost[t, t - start] > best[t] + 1e-6:
                until[start] = min(until[start], t + shortest)


@njit(cache=True)
def _live(cost, g, lam, shortest, longest, chunk, delay, place, delay_samples):
    n = len(g)
    best = np.full(n + 1, np.inf)
    back = np.full(n + 1, -1, np.int64)
    until = np.zeros(n + 1, np.int64)
    cuts = np.zeros(n + 2, np.int64)
    decided = np.zeros(n + 2, np.int64)
    path = np.zeros(n + 2, np.int64)
    count, forced, root, open_from = 1, 0, 0, 0
    for block in range(1, n // chunk + 1):
        known = block * chunk - delay  # nodes and tokens before this one are known
        available = (2 * block * chunk - 1) * 160 + 400
        if known <= root + 1:
            continue
        _judge(cost, g, lam, shortest, longest, root, open_from, known, best, back, until)
        shared, favourite, price = -1, root, np.inf
        for s in range(root, known):
            if best[s] == np.inf or until[s] <= known:
                continue
            value = best[s] + cost[known, known - s] if known - s <= longest else np.inf
            if value < price:
                price, favourite = value, s
            if shared < 0:
                shared = s
            a, b = shared, s
            while a != b:
                if a > b:
                    a = back[a]
                else:
                    b = back[b]
            shared = a
        # What all live paths share is certain; what the next block would decide too late is decided on the best path now.
        late = int(np.ceil((available + 320 * chunk - delay_samples - 320 - place) / 320))
        limit = min(late, known - 1)
        k, node = 0, favourite
        while node > root:
            if node <= max(limit, shared):
                path[k] = node
                k += 1
            node = back[node]
        for m in range(k - 1, -1, -1):
            cuts[count] = path[m]
            decided[count] = available
            forced += path[m] > shared
            count += 1
        if k:
            root = path[0]
        open_from = max(open_from, limit + 1)
    end = (2 * n - 1) * 160 + 400
    _judge(cost, g, lam, shortest, longest, root, open_from, n, best, back, until)
    price, favourite = np.inf, root
    for s in range(max(root, n - longest), n - shortest + 1):
        if best[s] < np.inf and best[s] + cost[n, n - s] < price:
            price, favourite = best[s] + cost[n, n - s], s
    k, node = 0, favourite
    while node > root:
        path[k] = node
        k += 1
        node = back[node]
    for m in range(k - 1, -1, -1):
        cuts[count] = path[m]
        decided[count] = end
        count += 1
    cuts[count] = n
    decided[count] = end
    return cuts[: count + 1], decided[: count + 1], forced


def live(
    cost: np.ndarray, boundary: np.ndarray, rate: Rate, rules: Rules, *, chunk: int, delay: int, max_delay_ms: float = 800
) -> tuple[np.ndarray, np.ndarray, int]:
    """The online segmenter: boundaries (token indices), the sample at which each was decided, and how many were decided by force.

    Decisions are looked for after each encoder chunk, as the runtime does: certain ones, and those that the next chunk would bring
    later than max_delay_ms after their place.
    """
    n = len(boundary)
    if n < rules.min_tokens:
        return search(cost, boundary, rate, rules), np.full(2, 320 * n), 0
    g = np.clip(boundary.astype(np.float64), -rules.logit_clamp, rules.logit_clamp)
    delay_samples = 16.0 * max_delay_ms if np.isfinite(max_delay_ms) else 1e18
    place = BOUNDARY_OFFSET + rules.shift_samples
    return _live(priced(cost, rate), g, rate.lam, rules.min_tokens, rules.max_tokens, chunk, delay, place, delay_samples)
