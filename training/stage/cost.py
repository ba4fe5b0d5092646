"""What a stage of training costs: wall clock, time of cores, arithmetic, and speech gone through. Kept in checkpoints, so it adds up over resumes.

FLOP are counted from the sizes (2 a multiply-add; a training step is three forward passes), not measured: matrices and attention, not norms.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field

from model.encoder import EncoderConfig


def forward_flop(cfg: EncoderConfig, tokens: int, seen: float, layers: int | None = None) -> float:
    """FLOP of `tokens` tokens through the blocks (default: all of the encoder's), each of which attends to `seen` tokens."""
    attention = cfg.heads * cfg.head_width
    matrices = cfg.width * (2 * attention + 2 * cfg.head_width + 2 * cfg.ffn_width)
    return tokens * (cfg.layers if layers is None else layers) * (2.0 * matrices + 4.0 * attention * seen)


@dataclass
class Cost:
    """Sums so far; `add` after every step."""

    hours: float = 0.0  # wall clock
    core_hours: float = 0.0  # CPU time of this process
    flop: float = 0.0
    speech_hours: float = 0.0  # gone through, repeats counted
    _since: tuple[float, float] = field(default_factory=lambda: (time.time(), time.process_time()), repr=False)

    @classmethod
    def of(cls, state: dict | None) -> Cost:
        """From a checkpoint's entry, or from nothing."""
        return cls(**(state or {}))

    def add(self, flop: float, speech_seconds: float) -> None:
        wall, core = time.time(), time.process_time()
        self.hours += (wall - self._since[0]) / 3600
        self.core_hours += (core - self._since[1]) / 3600
        self._since = (wall, core)
        self.flop += flop
        self.speech_hours += speech_seconds / 3600

    def state(self) -> dict[str, float]:
        return {name: value for name, value in asdict(self).items() if not name.startswith('_')}

    def __str__(self) -> str:
        return f'cost: {self.hours:.2f} h ({self.core_hours:.2f} core-h), {self.flop:.2e} FLOP, {self.speech_hours:.1f} h of speech seen'
