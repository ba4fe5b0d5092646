"""How well boundaries agree: one-to-one matching within a tolerance, precision, recall, F1 and R-value."""

from __future__ import annotations

import numpy as np


def matches(reference: np.ndarray, found: np.ndarray, tolerance: float) -> int:
    """Largest one-to-one matching of two ascending lists of seconds (two pointers are optimal here)."""
    i = j = n = 0
    while i < len(reference) and j < len(found):
        gap = found[j] - reference[i]
        if abs(gap) <= tolerance + 1e-9:
            i, j, n = i + 1, j + 1, n + 1
        elif gap < 0:
            j += 1
        else:
            i += 1
    return n


def boundary_scores(references: list, found: list, tolerance: float) -> dict[str, float]:
    """Precision, recall, F1 and R-value (Räsänen et al. 2009) over lists of utterances."""
    n = sum(matches(r, f, tolerance) for r, f in zip(references, found, strict=True))
    precision = n / max(1, sum(map(len, found)))
    recall = n / max(1, sum(map(len, references)))
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    over = recall / max(1e-9, precision) - 1
    r1 = np.hypot(1 - recall, over)
    r2 = (-over + recall - 1) / np.sqrt(2)
    return {'precision': precision, 'recall': recall, 'f1': f1, 'r_value': 1 - (abs(r1) + abs(r2)) / 2}
