"""Comparing cuts at equal numbers of boundaries: a knob of each method is turned until all recordings together have as many as wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from data.batches import Utterance
from model.encoder import EncoderConfig
from segment import segmenter
from segment.matching import boundary_scores
from segment.stand_ins import FEATURES_ONLY, complete

Cutter = Callable[[float], list[np.ndarray]]  # a knob (more = fewer boundaries) -> boundaries of every recording, seconds


def at_count(cut: Cutter, wanted: float, low: float, high: float, turns: int = 18) -> tuple[list[np.ndarray], float]:
    """The boundaries at the knob, between low and high, where their number is nearest to `wanted`; and the knob."""
    best: tuple[float, list[np.ndarray], float] = (np.inf, [], low)
    for _ in range(turns):
        knob = (low + high) / 2
        found = cut(knob)
        count = sum(map(len, found))
        if abs(count - wanted) < best[0]:
            best = (abs(count - wanted), found, knob)
        low, high = (knob, high) if count > wanted else (low, knob)
    return best[1], best[2]


def feature_cutter(outputs: Sequence[dict[str, np.ndarray]], w: float = 1.0, rules: segmenter.Rules | None = None) -> Cutter:
    """The segmenter on completed outputs (heads.complete), λ being the knob."""
    rules = rules or segmenter.Rules()
    costs = [segmenter.costs(o['features'], rules) for o in outputs]

    def cut(lam: float) -> list[np.ndarray]:
        rate = segmenter.Rate('', 0, w, lam)
        cuts = [segmenter.search(c, o['boundary'], rate, rules) for c, o in zip(costs, outputs, strict=True)]
        return [segmenter.syllable_edges(o['speech'], c, rules) for c, o in zip(cuts, outputs, strict=True)]

    return cut


def completed(outputs: Sequence[dict[str, np.ndarray]], utterances: Sequence[Utterance], cfg: EncoderConfig) -> list[dict[str, np.ndarray]]:
    """Features alone -> outputs that can be cut: what the network's untrained heads say is thrown away."""
    mels = [np.asarray(u.mel, np.float64) for u in utterances]
    return [complete(o, m, FEATURES_ONLY, cfg.chunk_tokens, cfg.delay_tokens) for o, m in zip(outputs, mels, strict=True)]


def fair_scores(cut: Cutter, references: list[np.ndarray], low: float = -5.0, high: float = 60.0) -> dict[str, float]:
    """F1 at 50 and 20 ms and R-value with as many boundaries as the references have."""
    found, knob = at_count(cut, sum(map(len, references)), low, high)
    a, b = (boundary_scores(references, found, tolerance) for tolerance in (0.05, 0.02))
    return {'F1_50ms': a['f1'], 'F1_20ms': b['f1'], 'R_value': a['r_value'], 'knob': knob}
