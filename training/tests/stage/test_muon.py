"""Muon is torch's, in other arithmetic."""

import torch

from stage.muon import Muon, orthogonal


def test_it_steps_as_torchs_does():
    torch.manual_seed(0)
    start, steps = torch.randn(24, 40), [torch.randn(24, 40) for _ in range(6)]
    found = []
    for make in (
        lambda p: Muon([p], 0.01),
        lambda p: torch.optim.Muon([p], lr=0.01, momentum=0.95, weight_decay=0.05, adjust_lr_fn='match_rms_adamw'),
    ):
        p = torch.nn.Parameter(start.clone())
        optimizer = make(p)
        for g in steps:
            p.grad = g.clone()
            optimizer.step()
        found.append(p.detach() - start)
    ours, theirs = found
    assert (ours - theirs).norm() < 0.02 * theirs.norm()  # theirs is bfloat16


def test_the_update_is_near_orthogonal():
    torch.manual_seed(1)
    values = torch.linalg.svdvals(orthogonal(torch.randn(64, 32), torch.float32))
    assert 0.6 < values.min() and values.max() < 1.3
