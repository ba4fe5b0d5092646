"""The unit language model: units in, the logits of the next unit out.

A decoder-only, pre-LN transformer with the encoder's block (ALiBi positions, one key/value head) and tied embeddings. As in model/encoder.py
there is one forward pass, and the additive bias says who sees whom: `causal_bias` for whole sequences, `step_bias` for new units on
top of cached keys and values. A unit sees itself and the W units before it.

Letters in shapes: B streams, T units, c new units of a step, W cached units, S keys seen, H query heads, E head width, U vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.encoder import HIDDEN, Block, alibi_slopes

PAUSE = 0
Logs = Callable[[Sequence[np.ndarray]], list[np.ndarray]]  # streams → ln p of every id but the first of each


@dataclass(frozen=True)
class UnitLmConfig:
    """Sizes of one language model; the names are those of lm/config.json in a bundle (docs/bundle.md)."""

    layers: int = 4
    width: int = 256
    heads: int = 4
    head_width: int = 64
    ffn_width: int = 1024
    window_units: int = 256
    vocabulary: int = 0  # M + 2: pause, M units, the boundary id; 0 until the bundle is known

    @property
    def slopes(self) -> list[float]:
        """ALiBi slope of each query head."""
        return alibi_slopes(self.heads)

    @property
    def boundary(self) -> int:
        """The id before the first unit of a stream and after its last."""
        return self.vocabulary - 1

    def to_dict(self) -> dict[str, int]:
        return asdict(self)


def stream(boundary: int, units: list[int], end: bool = True) -> list[int]:
    """What the model reads of a stream: the boundary id, the units with a run of pauses as one, and, at its end, the boundary id again."""
    out = [boundary]
    for unit in units:
        if unit != PAUSE or out[-1] != PAUSE:
            out.append(unit)
    return [*out, boundary] if end else out


def item_scores(logs: Logs, streams: dict[str, np.ndarray]) -> dict[str, float]:
    """Mean ln p of the units of each stream that are neither pause nor boundary; −inf for a stream without any."""
    out = {}
    for name, s, log in zip(streams, streams.values(), logs(list(streams.values())), strict=True):
        counts = (s[1:] != PAUSE) & (s[1:] != s[0])
        out[name] = float(log[counts].mean()) if counts.any() else -np.inf
    return out


class UnitLm(nn.Module):
    """The whole network: embedding, dropout, blocks, final norm, and the embedding again as the output layer."""

    def __init__(self, cfg: UnitLmConfig, dropout: float = 0.0):
        super().__init__()
        self.cfg = cfg
        self.embed = nn.Embedding(cfg.vocabulary, cfg.width)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(cfg, dropout) for _ in range(cfg.layers))
        self.norm = nn.LayerNorm(cfg.width)
        for name, p in self.named_parameters():  # GPT-2's: residual branches start small, 1/sqrt(2 L)
            if p.ndim == 2:
                small = name.endswith(('out.weight', 'down.weight'))
                nn.init.normal_(p, std=0.02 / (2 * cfg.layers) ** 0.5 if small else 0.02)
            elif name.endswith('bias'):
                nn.init.zeros_(p)

    def forward(self, units: Tensor, bias: Tensor, past: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor | None]:
        """units (B, T) int64; bias (B or 1, 1, T*H, S); past keys, values (B, L, W, E). Returns logits (B, T, U), present (B, L, 2, T, E)."""
        x = self.dropout(self.embed(units))  # (B, T, width)
        present = []
        for i, block in enumerate(self.blocks):
            x, k, v = block(x, bias, None if past is None else (past[0][:, i], past[1][:, i]))
            if past is not None:
                present.append(torch.stack([k, v], 1))  # (B, 2, T, E)
        logits = F.linear(self.norm(x), self.embed.weight)
        return logits, torch.stack(present, 1) if present else None


def causal_bias(cfg: UnitLmConfig, rows: Tensor) -> Tensor:
    """Bias of whole sequences, (B, 1, T*H, T). rows (B, T): a number for each sequence packed into a row; none sees another."""
    B, T = rows.shape
    i = torch.arange(T, device=rows.device)
    distance = (i[:, None] - i[None, :]).float()  # (T, T)
    seen = (distance >= 0) & (distance <= cfg.window_units) & (rows[:, :, None] == rows[:, None, :])  # (B, T, T)
    slopes = torch.tensor(cfg.slopes, device=rows.device)
    alibi = -slopes[None, :, None] * distance[:, None, :]  # (T, H, T)
    return (alibi[None] + torch.where(seen, 0.0, HIDDEN)[:, :, None, :]).reshape(B, 1, T * cfg.heads, T)


def step_bias(cfg: UnitLmConfig, unit_mask: Tensor, past_age: Tensor) -> Tensor:
    """Bias of one step on top of a cache, (B, 1, c*H, W + c). unit_mask (B, c); past_age (B, W), 0 = an absent row."""
    B, c = unit_mask.shape
    i = torch.arange(c, device=unit_mask.device).float()
    slopes = torch.tensor(cfg.slopes, device=unit_mask.device)[None, None, :, None]  # (1, 1, H, 1)
    distance = past_age[:, None, :] + i[None, :, None]  # (B, c, W)
    seen = (past_age[:, None, :] > 0) & (distance <= cfg.window_units)
    old = distance[:, :, None, :] * -slopes + torch.where(seen, 0.0, HIDDEN)[:, :, None, :]  # (B, c, H, W)
    distance = i[:, None] - i[None, :]  # (c, c)
    seen = (distance >= 0)[None] & (unit_mask[:, None, :] > 0)  # (B, c, c)
    new = (distance.abs()[None, :, None, :] * -slopes) + torch.where(seen, 0.0, HIDDEN)[:, :, None, :]  # (B, c, H, c)
    return torch.cat([old, new], -1).reshape(B, 1, c * cfg.heads, -1)


@torch.no_grad()
def whole_logits(model: UnitLm, units: list[int] | Tensor) -> Tensor:
    """Logits (n, U) of one sequence at once."""
    row = torch.as_tensor(units, dtype=torch.long)[None]
    return model(row, causal_bias(model.cfg, torch.zeros_like(row)))[0][0]


class UnitStreamer:
    """Runs a language model unit by unit, or many at once, as the runtime does: a ring of W cached rows. The reference for the tests.

    `step(units, mask, ages, keys, values)` returns logits (1, c, U) and present: see `torch_step` and lm_graph.onnx_step.
    """

    def __init__(self, cfg: UnitLmConfig, step):
        self.cfg, self.step = cfg, step
        self.keys = torch.zeros(1, cfg.layers, cfg.window_units, cfg.head_width)
        self.values = torch.zeros_like(self.keys)
        self.done = 0  # units processed

    def push(self, units: list[int], padding: int = 0) -> Tensor:
        """New units (at most W) -> their logits (n, U). padding: masked units to append, which must change nothing."""
        n, W = len(units), self.cfg.window_units
        slot = torch.arange(W)
        age = (self.done - 1 - slot) % W + 1  # unit t lies in slot t mod W
        ages = torch.where(age <= self.done, age, 0).float()[None]
        row = torch.tensor([[*units, *([PAUSE] * padding)]])
        mask = torch.ones(1, n + padding)
        mask[:, n:] = 0
        logits, present = self.step(row, mask, ages, self.keys, self.values)
        slots = torch.arange(self.done, self.done + n) % W
        self.keys[:, :, slots] = present[:, :, 0, :n]
        self.values[:, :, slots] = present[:, :, 1, :n]
        self.done += n
        return logits[0, :n]


def torch_step(model: UnitLm):
    """The PyTorch network as a step function for UnitStreamer."""

    @torch.no_grad()
    def step(units, mask, ages, keys, values):
        return model(units, step_bias(model.cfg, mask, ages), (keys, values))

    return step
