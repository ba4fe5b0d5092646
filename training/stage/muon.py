"""Muon (Jordan et al., 2024): momentum whose matrices are made orthogonal before each step. As torch.optim.Muon with match_rms_adamw, but in
the arithmetic that the device is quick at: bfloat16 products without hardware for them take ten times as long as float32's."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from stage.precision import quick_bfloat16

COEFFICIENTS = (3.4445, -4.775, 2.0315)  # of the quintic iteration, Jordan's
ITERATIONS = 5


def orthogonal(matrix: Tensor, dtype: torch.dtype) -> Tensor:
    """About U V^T of the matrix U S V^T, by ITERATIONS Newton-Schulz steps."""
    a, b, c = COEFFICIENTS
    tall = matrix.size(0) > matrix.size(1)
    x = (matrix.T if tall else matrix).to(dtype)
    x = x / x.norm().clamp(min=1e-7)
    for _ in range(ITERATIONS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """For matrices alone; Nesterov momentum; the step's root mean square is that of AdamW at the same rate."""

    def __init__(self, params: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.05):
        super().__init__(params, {'lr': lr, 'momentum': momentum, 'weight_decay': weight_decay})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for p in group['params']:
                if p.grad is None:
                    continue
                buffer = self.state[p].setdefault('momentum_buffer', torch.zeros_like(p))
                buffer.lerp_(p.grad, 1 - group['momentum'])
                dtype = torch.bfloat16 if quick_bfloat16(p.device.type) else torch.float32
                update = orthogonal(p.grad.lerp(buffer, group['momentum']), dtype)
                p.mul_(1 - group['lr'] * group['weight_decay'])
                p.add_(update.to(p.dtype), alpha=-group['lr'] * 0.2 * max(p.shape) ** 0.5)
