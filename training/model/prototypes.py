"""Prototypes: a projection head that brings together what different voices make of a syllable, and one prototype a syllable.

A segment's vector goes through the head (linear, ReLU, linear); the nearest prototype says which syllable it is most like. Head and
prototypes learn together, as in prototypical networks (Snell et al., 2017): cross-entropy over the negative squared distances. Prototypes
are then merged as Ward would merge the segments that they stand for, so a rare syllable joins its nearest neighbour and a frequent one
stays alone. Letters: n segments, D features, H hidden, P projected, K prototypes, M units.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

HIDDEN, PROJECTED = 512, 128
ROWS = 256  # segments a step
EPOCHS = 12
LEAST = 10  # segments that a syllable must have for a prototype


class Prototypes(nn.Module):
    """vectors (n, D), standardised -> logits (n, K): the negative squared distances, less what is the same for all prototypes."""

    def __init__(self, width: int, count: int, hidden: int = HIDDEN, projected: int = PROJECTED):
        super().__init__()
        self.projection = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, projected))
        self.prototypes = nn.Parameter(torch.randn(count, projected) * 0.5)

    def forward(self, x: Tensor) -> Tensor:
        layer_in, relu, layer_out = self.projection
        h = F.dropout(relu(layer_in(F.dropout(x, 0.1, self.training))), 0.2, self.training)
        return 2 * layer_out(h) @ self.prototypes.T - self.prototypes.square().sum(1)


def classes(labels: list[str], most: int) -> np.ndarray:
    """Number of each segment's syllable, (n,); -1 for those said fewer than LEAST times or not among the `most` frequent."""
    number = {name: k for k, (name, n) in enumerate(Counter(labels).most_common(most)) if n >= LEAST}
    return np.array([number.get(name, -1) for name in labels])


def taught(vectors: np.ndarray, labels: np.ndarray, odds: np.ndarray, epochs: int = EPOCHS, seed: int = 0) -> Prototypes:
    """Learns from vectors (n, D) and their classes (n,), drawn by `odds` (n,); a class of -1 teaches nothing."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    x, y = torch.from_numpy(vectors.astype(np.float32)), torch.from_numpy(labels)
    usable = np.flatnonzero(labels >= 0)
    if not len(usable):
        raise SystemExit(f'prototypes: expected syllables said {LEAST} times or more, got none among {len(labels)} segments; give it more speech')
    model = Prototypes(x.shape[1], int(labels.max()) + 1)
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=0.05)
    steps = epochs * max(1, len(usable) // ROWS)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps, pct_start=0.05)
    drawn = rng.choice(usable, steps * ROWS, p=odds[usable] / odds[usable].sum())
    for rows in torch.from_numpy(drawn).view(steps, ROWS):
        loss = F.cross_entropy(model(x[rows]), y[rows])
        if not torch.isfinite(loss):
            raise SystemExit(f'prototypes: the loss is {loss.item()}; look at the vectors')
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


def merge(points: np.ndarray, sizes: np.ndarray, count: int) -> np.ndarray:
    """Ward's merge of points (K, P) that stand for `sizes` (K,) segments, down to `count` clusters: the cluster of each, 0 to count - 1."""
    points, sizes = points.astype(np.float64), np.maximum(sizes, 1).astype(np.float64)
    of, alive = np.arange(len(points)), np.ones(len(points), bool)

    def loss_of_merging(i: int) -> np.ndarray:
        loss = ((points - points[i]) ** 2).sum(1) * sizes * sizes[i] / (sizes + sizes[i])
        loss[~alive] = loss[i] = np.inf
        return loss

    losses = np.stack([loss_of_merging(i) for i in range(len(points))])
    for _ in range(len(points) - count):
        i, j = divmod(int(losses.argmin()), len(points))
        points[i] = (sizes[i] * points[i] + sizes[j] * points[j]) / (sizes[i] + sizes[j])
        sizes[i] += sizes[j]
        alive[j] = False
        of[of == j] = i
        losses[j] = losses[:, j] = np.inf
        losses[i] = losses[:, i] = loss_of_merging(i)
    return np.unique(of, return_inverse=True)[1]
