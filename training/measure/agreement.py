"""How alike two readings of units are, and whether a confidence means what it says. Pauses are no units here; times are samples at 16 kHz."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import roc_auc_score

from measure.same_word import edit_distance

TOLERANCE = 640  # samples, 40 ms: both edges of a unit that stayed
BINS = 15  # of the calibration error, equally filled


@dataclass(frozen=True)
class Said:
    """The units of a recording, pauses left out: ids, starts, ends (samples) and confidence, (u,) each."""

    ids: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    confidence: np.ndarray

    def moved(self, by: int) -> Said:
        """The same, so many samples later."""
        return Said(self.ids, self.starts + by, self.ends + by, self.confidence)


def kept(clean: Said, other: Said) -> tuple[int, int]:
    """How many units of `clean` have both edges in `other` too, and how many of these the id as well, one to one."""
    near = (np.abs(clean.starts[:, None] - other.starts) <= TOLERANCE) & (np.abs(clean.ends[:, None] - other.ends) <= TOLERANCE)
    return _matched(near), _matched(near & (clean.ids[:, None] == other.ids))


def _matched(near: np.ndarray) -> int:
    """One-to-one pairs in time's order; greedy is right, for units of one recording do not overlap."""
    free, count = 0, 0
    for row in near:
        found = np.flatnonzero(row[free:])
        if len(found):
            free, count = free + int(found[0]) + 1, count + 1
    return count


def edits(a: Said, b: Said) -> int:
    """Edits between two unit sequences."""
    return int(edit_distance(a.ids.astype(np.int64), b.ids.astype(np.int64)))


def agreement(clean: list[Said], others: list[Said]) -> dict[str, float]:
    """Over recordings: `same`, share of units that keep both edges and the id; `edges`, both edges; `ued`, edits over the units of the clean ones."""
    total = max(1, sum(len(c.ids) for c in clean))
    counts = np.array([kept(c, o) for c, o in zip(clean, others, strict=True)]).reshape(-1, 2).sum(0)
    changed = sum(edits(c, o) for c, o in zip(clean, others, strict=True))
    return {'same': float(counts[1] / total), 'edges': float(counts[0] / total), 'ued': changed / total}


def apart(a: list[Said], b: list[Said]) -> float:
    """Between two voices neither of which is the clean one: edits over the units of the longer reading."""
    total = sum(max(len(x.ids), len(y.ids)) for x, y in zip(a, b, strict=True))
    return sum(edits(x, y) for x, y in zip(a, b, strict=True)) / max(1, total)


def overlaps(said: Said, spans: np.ndarray) -> np.ndarray:
    """Samples that unit and reference span (s, 2), seconds, share: (u, s), negative where they are apart."""
    spans = np.asarray(spans, np.float64).reshape(-1, 2) * 16_000
    return np.minimum(said.ends[:, None], spans[:, 1]) - np.maximum(said.starts[:, None], spans[:, 0])


def calibration(confidence: np.ndarray, right: np.ndarray) -> dict[str, float]:
    """`error`, mean gap of confidence and share right in BINS equally filled bins; `roc`, area; `brier`, and `brier_gain` over the best constant."""
    order, right = np.argsort(confidence, kind='stable'), right.astype(np.float64)
    bins = np.array_split(order, min(BINS, len(order)))
    error = sum(len(b) * abs(confidence[b].mean() - right[b].mean()) for b in bins) / len(order)
    brier, constant = float(((confidence - right) ** 2).mean()), float(right.mean() * (1 - right.mean()))
    roc = float(roc_auc_score(right, confidence)) if 0 < right.mean() < 1 else float('nan')
    return {'error': float(error), 'roc': roc, 'brier': brier, 'brier_gain': 1 - brier / max(1e-9, constant), 'right': float(right.mean())}
