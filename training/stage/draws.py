"""What a step draws: crops and the chunk of attention, from (seed, step) alone."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from config import Settings
from data.batches import Batches
from data.pairs import Pairs


def draw_chunk(settings: Settings, seed: int, step: int) -> tuple[int | None, int]:
    """The chunk of attention of a step, and how many tokens of the first chunk have gone by."""
    rng = np.random.default_rng((seed, step, 1))
    chunks, p = zip(*settings.chunks, strict=True)
    chunk = chunks[rng.choice(len(chunks), p=np.array(p) / sum(p))]
    return chunk, int(rng.integers(0, chunk)) if chunk else 0


def to_tensors(batch: dict[str, np.ndarray], device: str) -> dict[str, Tensor]:
    return {k: torch.from_numpy(v).to(device) for k, v in batch.items()}


def draw(batches: Batches | Pairs, settings: Settings, step: int, device: str) -> dict[str, Tensor]:
    """Short crops, and now and then rows of many utterances, so that the streaming state is trained where it lives."""
    long = settings.long_every and step % settings.long_every == settings.long_every - 1
    seconds = settings.long_seconds if long else settings.crop_seconds
    crops = max(1, round(settings.batch * settings.crop_seconds / seconds))
    return to_tensors(batches.batch(step, crops, int(seconds * 50), 8 if long else 2), device)
