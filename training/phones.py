"""True phones of texts as streams of ids, for a language model that knows what was said: what the text allows at all."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from lexicon import BREAK, Lexicon
from unit_lm import PAUSE, stream

ALPHABET = (
    'aa ae ah ao aw ax axr ay b ch d dh eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th uh uw v w y z zh'.split()
)  # flite's phones; id k + 1, the pause 0, the boundary last
IDS = {p: k + 1 for k, p in enumerate(ALPHABET)} | {BREAK: PAUSE}
VOCABULARY = len(ALPHABET) + 2


def phone_stream(phones: Iterable[str]) -> np.ndarray:
    """Phones and pauses → the ids of a stream."""
    return np.array(stream(VOCABULARY - 1, [IDS[p] for p in phones]), np.int16)


def text_streams(texts: Iterable[str], lexicon: Lexicon) -> list[np.ndarray]:
    """The phones of each text, a pause at its start, its end and every mark."""
    return [phone_stream(p for s, _ in lexicon.syllables(text) for p in s.split()) for text in texts]
