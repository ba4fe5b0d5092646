"""What stands in for the heads that a bundle lacks, as the runtime does it: no boundary logit counts as 0, speech is told by level.

A bundle that was taught by no label has features only (`outputs` of config.json). The level gate is src/segments/pauses.ts, number for number.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

OUTPUTS = ('features', 'boundary', 'speech')
FEATURES_ONLY = ('features',)
MARGIN = np.log(10.0)  # nepers of power above the floor where speech begins: 10 dB
RISE = 0.3 * np.log(10.0) / 50  # nepers that the floor climbs a token: 3 dB a second
FIRST_FLOOR = -11.0  # a quiet room, full scale being 1


def levels_of(mel: np.ndarray) -> np.ndarray:
    """Log-mel (F, 128), not normalised -> level of each token (T,): the mean over its two frames and all bins."""
    T = len(mel) // 2
    return mel[: 2 * T].reshape(T, -1).mean(1).astype(np.float64)


def speech_by_level(levels: np.ndarray, kept: int) -> np.ndarray:
    """Stand-in for the speech logit (T,), above 0 for speech. Tokens from `kept` on come in a flush: they move the floor no more."""
    out, floor = np.zeros(len(levels)), FIRST_FLOOR
    for t, level in enumerate(levels):
        now = min(floor + RISE, level)
        out[t] = level - now - MARGIN
        if t < kept:
            floor = now
    return out


def complete(out: dict[str, np.ndarray], mel: np.ndarray, outputs: tuple[str, ...], chunk: int, delay: int) -> dict[str, np.ndarray]:
    """Outputs of one recording with the stand-ins for those that are not among `outputs`. mel (F, 128), not normalised."""
    T = len(out['features'])
    stands = {}
    if 'boundary' not in outputs:
        stands['boundary'] = np.zeros(T, np.float32)
    if 'speech' not in outputs:
        stands['speech'] = speech_by_level(levels_of(mel[: 2 * T]), max(0, T // chunk * chunk - delay))
    return {**out, **stands}


def complete_normalised(out: dict[str, np.ndarray], x: Tensor, config: dict) -> dict[str, np.ndarray]:
    """The same for a bundle's config.json and its normalised input (F, 128)."""
    mel, e = config['mel'], config['encoder']
    return complete(out, 2 * mel['std'] * np.asarray(x, np.float64) + mel['mean'], tuple(e['outputs']), e['chunkTokens'], e['delayTokens'])
