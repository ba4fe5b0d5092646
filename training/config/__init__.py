"""Named settings: one short file per published size, each a module with `settings`."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field

from model.encoder import EncoderConfig
from model.unit_lm import UnitLmConfig

NAMES = ('tiny', 'tiny_causal', 'mini', 'small', 'steady', 'base', 'large')


@dataclass(frozen=True)
class Settings:
    """Everything that differs between sizes: the networks, the units, and the training of `timed` and `sylboost`."""

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    centroids: int = 2048  # K; at most one per 80 training segments
    merged: int = 400  # M; at least 500 occurrences each
    batch: int = 16  # crops per step
    crop_seconds: float = 4.0
    long_every: int = 8  # every so many steps a batch of 16-second concatenations of the same total length
    long_seconds: float = 16.0
    steps: int = 9000
    learning_rate: float = 2e-3  # of the matrices (Muon)
    chunks: tuple[tuple[int | None, float], ...] = ((4, 0.1), (8, 0.4), (16, 0.1), (32, 0.05), (None, 0.35))
    lm: UnitLmConfig = field(default_factory=UnitLmConfig)


def load_config(name: str) -> Settings:
    """Settings by name; raises ValueError for a name that is not one of NAMES."""
    if name not in NAMES:
        raise ValueError(f'--config: expected one of {", ".join(NAMES)}, got {name!r}')
    return importlib.import_module(f'config.{name}').settings
