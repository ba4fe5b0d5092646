"""Which reference a segment overlaps most."""

from __future__ import annotations

import numpy as np

from data.mel import TOKEN


def best(shared: np.ndarray) -> np.ndarray:
    """For each row the column that it shares most with, -1 for none."""
    if not shared.shape[1]:
        return np.full(len(shared), -1)
    return np.where(shared.max(1) > 0, shared.argmax(1), -1)


def most_overlapped(cuts: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Which of the spans (s, 2), seconds, each segment between cuts (tokens) overlaps most; -1 for none."""
    spans = spans.reshape(-1, 2)
    start, end = cuts[:-1, None] * TOKEN, cuts[1:, None] * TOKEN
    return best(np.minimum(end, spans[None, :, 1]) - np.maximum(start, spans[None, :, 0]))
