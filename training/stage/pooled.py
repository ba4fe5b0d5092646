"""Segments of a batch as vectors: the mean of a segment's tokens, as it is named (docs/bundle.md).

Letters: B rows, T tokens, S segments a row, D features.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def segment_means(tokens: Tensor, ids: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Tokens (B, T, D), the segment of each or -1 -> means over the inner tokens (B, count, D) and how many tokens each has (B, count)."""
    B, T, D = tokens.shape
    edge = torch.ones_like(ids, dtype=torch.bool)
    same = ids[:, 1:] == ids[:, :-1]
    edge[:, 1:-1] = ~(same[:, :-1] & same[:, 1:])
    flat = torch.where(ids >= 0, ids + torch.arange(B, device=ids.device)[:, None] * count, B * count).flatten()
    ones = torch.ones(B * T, device=ids.device)
    length = torch.zeros(B * count + 1, device=ids.device).index_add_(0, flat, ones)
    weight = ones * ~(edge.flatten() & (length[flat] >= 3))
    total = torch.zeros(B * count + 1, D, device=ids.device).index_add_(0, flat, tokens.flatten(0, 1) * weight[:, None])
    share = torch.zeros(B * count + 1, device=ids.device).index_add_(0, flat, weight)
    mean = total[:-1] / share[:-1, None].clamp(min=1)
    return mean.view(B, count, D), length[:-1].view(B, count)


def standardised(vectors: Tensor) -> Tensor:
    """Each vector (..., D) over its entries, as units are named (docs/bundle.md)."""
    return (vectors - vectors.mean(-1, keepdim=True)) / (vectors.std(-1, keepdim=True, unbiased=False) + 1e-5)


def jittered_vectors(features: Tensor, ids: Tensor, segments: Tensor, rng: np.random.Generator) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Vectors (n, D) of the segments (B, S) that are asked for, standardised as they will be named, cut up to a token off; and their places (B, S).

    ids (B, T): the segment of each token, or -1. A segment that has no token is left out.
    """
    B, T, _ = features.shape
    position = torch.arange(T).expand(B, T)
    ends = torch.full((B, segments.shape[1] + 1), -1).scatter_reduce(1, ids.clamp(min=-1) + 1, position, 'amax')[:, 1:]
    row, k = (segments & (ends >= 0)).nonzero(as_tuple=True)
    last = ends[row, k]
    first = torch.full((B, segments.shape[1] + 1), T).scatter_reduce(1, ids.clamp(min=-1) + 1, position, 'amin')[row, k + 1]
    move = torch.from_numpy(rng.choice([-1, 0, 1], (2, len(row)), p=[0.2, 0.6, 0.2]))
    a, b = (first + move[0]).clamp(0, T - 1), (last + 1 + move[1]).clamp(1, T)
    b = torch.maximum(b, a + 1)
    trim = (b - a >= 3).long()
    a, b = a + trim, b - trim
    sums = F.pad(features.cumsum(1), (0, 0, 1, 0))  # (B, T + 1, D)
    return standardised((sums[row, b] - sums[row, a]) / (b - a)[:, None]), (row, k)
