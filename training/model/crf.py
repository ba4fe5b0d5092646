"""A boundary loss that knows the segmenter's rule: two boundaries are at least `apart` tokens from each other.

Score of a set of boundaries = sum of their logits; probability = exp(score) / Z over all sets that keep the distance. Unlike a
per-token cross-entropy, a boundary whose place is uncertain but which is certainly there gets high logits around its place: what the
dynamic programme of segment/segmenter.py needs. Z and the marginals take O(T) by a forward and a backward pass with running sums.
"""

from __future__ import annotations

import numpy as np
import torch
from numba import njit
from torch import Tensor


@njit(cache=True)
def _log_add(a: float, b: float) -> float:
    top = max(a, b)
    return top + np.log1p(np.exp(min(a, b) - top)) if top > -1e30 else top


@njit(cache=True)
def marginals(logits: np.ndarray, lengths: np.ndarray, apart: int) -> tuple[np.ndarray, np.ndarray]:
    """logits (B, T) -> probability of a boundary before each token (B, T), and log Z (B,)."""
    B, T = logits.shape
    probability = np.zeros((B, T))
    log_z = np.zeros(B)
    for row in range(B):
        n = lengths[row]
        g = logits[row]
        forward = np.zeros(n)
        before = np.zeros(n + 1)  # before[t] = log(1 + sum of exp(forward) up to token t - 1)
        for t in range(n):
            forward[t] = g[t] + before[max(0, t - apart + 1)]
            before[t + 1] = _log_add(before[t], forward[t])
        log_z[row] = before[n]
        after = np.zeros(n + 1)  # after[t] = log(1 + sum of exp(backward + logit) from token t on)
        for t in range(n - 1, -1, -1):
            backward = after[min(n, t + apart)]
            probability[row, t] = np.exp(forward[t] + backward - log_z[row])
            after[t] = _log_add(after[t + 1], backward + g[t])
    return probability, log_z


class _BoundaryLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits: Tensor, target: Tensor, weight: Tensor, lengths: Tensor, apart: int) -> Tensor:
        g = logits.detach().cpu().double().numpy()
        probability, log_z = marginals(g, lengths.cpu().numpy(), apart)
        p = torch.from_numpy(probability).to(logits)
        total = weight.sum()
        ctx.save_for_backward((p - target) * weight / total)
        score = (g * target.cpu().numpy()).sum()
        return torch.tensor((log_z.sum() - score) / max(1.0, float(lengths.sum())), dtype=logits.dtype, device=logits.device)

    @staticmethod
    def backward(ctx, upstream: Tensor):
        (gradient,) = ctx.saved_tensors
        return upstream * gradient, None, None, None, None


def boundary_loss(
    logits: Tensor, target: Tensor, weight: Tensor, lengths: Tensor, apart: int = 3, soft: Tensor | None = None, share: float = 0.0
) -> Tensor:
    """Negative log-likelihood a token of the target boundaries (B, T); weight (B, T) scales the gradient token by token.

    Targets closer than `apart` cannot both be chosen: their tokens get no gradient. soft (B, T): a teacher's probability of a boundary
    before each token (`marginals`), which is believed to the share 0 to 1.
    """
    crowded = torch.zeros_like(target)
    for gap in range(1, apart):
        pair = target[:, gap:] * target[:, :-gap]
        for k in range(gap + 1):
            crowded[:, k : target.shape[1] - gap + k] += pair
    inside = torch.arange(target.shape[1], device=target.device)[None] < lengths[:, None]
    wanted = target if soft is None else (1 - share) * target + share * soft
    return _BoundaryLoss.apply(logits, wanted, weight * (crowded == 0) * inside, lengths, apart)
