"""The boundary loss against brute force."""

from itertools import combinations

import numpy as np
import torch

from model.crf import boundary_loss, marginals


def brute(g: np.ndarray, apart: int) -> tuple[np.ndarray, float]:
    scores = []
    for k in range(len(g) + 1):
        for chosen in combinations(range(len(g)), k):
            if all(b - a >= apart for a, b in zip(chosen, chosen[1:], strict=False)):
                scores.append((chosen, np.exp(g[list(chosen)].sum())))
    z = sum(s for _, s in scores)
    p = np.array([sum(s for chosen, s in scores if t in chosen) for t in range(len(g))]) / z
    return p, np.log(z)


def test_marginals_equal_the_sum_over_all_sets():
    g = np.random.default_rng(0).normal(0, 2, (3, 9))
    p, z = marginals(g, np.array([9, 9, 7]), 3)
    for row, n in enumerate((9, 9, 7)):
        want, log_z = brute(g[row, :n], 3)
        np.testing.assert_allclose(p[row, :n], want, atol=1e-12)
        np.testing.assert_allclose(z[row], log_z, atol=1e-12)
    assert (p[2, 7:] == 0).all()


def test_gradient_is_that_of_the_loss():
    torch.manual_seed(0)
    target = torch.zeros(2, 12)
    target[0, [2, 6]] = 1
    target[1, [4, 9]] = 1
    lengths = torch.tensor([12, 12])
    logits = torch.randn(2, 12, dtype=torch.float64, requires_grad=True)

    def loss(x: torch.Tensor) -> torch.Tensor:
        return boundary_loss(x, target.double(), torch.ones(2, 12).double(), lengths)

    assert torch.autograd.gradcheck(loss, (logits,), eps=1e-6, atol=1e-6)


def test_targets_that_are_too_close_give_no_gradient():
    target = torch.zeros(1, 10)
    target[0, [3, 4, 8]] = 1
    logits = torch.zeros(1, 10, requires_grad=True)
    boundary_loss(logits, target, torch.ones(1, 10), torch.tensor([10])).backward()
    assert logits.grad[0, 3] == 0 and logits.grad[0, 4] == 0 and logits.grad[0, 8] < 0
