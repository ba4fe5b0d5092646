"""The network: a unit among its neighbours, a voice and a place within the unit → a frame of the synthesis (frames.py).

A unit is told by its number and, where that is known, by its finer one, whose embedding is added: predicted units have none.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from recipes.vocoder.frames import WIDTH

BEFORE, AFTER = 2, 1  # units on either side that are seen
SEEN = BEFORE + 1 + AFTER
LONGEST = 50.0  # tokens: a longer unit counts as such
PLACES = 15


@dataclass(frozen=True)
class VocoderConfig:
    vocabulary: int  # M + 2: the pause, M units, and M + 1 where there is none
    voices: int
    fine: int = 0  # K, finer numbers; 0: it takes none
    embedding: int = 48
    voice: int = 16
    width: int = 224


def places(place: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
    """Frames from the unit's start (n,) and the unit's length in frames (n,) -> what the network is told of them (n, 15)."""
    left = length - place
    share = place / length
    near = [torch.exp(-x / scale) for x in (place, left) for scale in (2.0, 5.0, 12.0)]
    waves = [torch.cos(torch.pi * k * share) for k in range(1, 7)]
    return torch.stack([share, torch.clamp(place / 50, max=2.0), torch.clamp(left / 50, max=2.0), *near, *waves], 1)


class Vocoder(nn.Module):
    def __init__(self, cfg: VocoderConfig):
        super().__init__()
        self.cfg = cfg
        self.embed = nn.Embedding(cfg.vocabulary, cfg.embedding)
        self.fine = nn.Embedding(cfg.fine + 1, cfg.embedding, padding_idx=0)  # 0: not known
        self.voice = nn.Embedding(cfg.voices, cfg.voice)
        nn.init.normal_(self.embed.weight, std=0.3)
        nn.init.normal_(self.voice.weight, std=0.3)
        nn.init.zeros_(self.fine.weight)
        w = cfg.width
        self.first = nn.Linear(SEEN * (cfg.embedding + 1) + cfg.voice, w)
        self.second = nn.Linear(w, w)
        self.shift = nn.Linear(w, w)
        self.turn = nn.Linear(w, w, bias=False)
        self.place = nn.Linear(PLACES, w, bias=False)
        self.spread = nn.Linear(PLACES, w)
        self.third = nn.Linear(w, w)
        self.fourth = nn.Linear(w, w)
        self.out = nn.Linear(w, WIDTH)
        self.register_buffer('mean', torch.zeros(cfg.voices, WIDTH))
        self.register_buffer('scale', torch.ones(cfg.voices, WIDTH))

    def forward(
        self, unit: torch.Tensor, fine: torch.Tensor, length: torch.Tensor, voice: torch.Tensor, row: torch.Tensor, place: torch.Tensor
    ) -> torch.Tensor:
        """unit, fine (b, 4), length in tokens (b, 4), voice (b,), row (n,): the unit of each frame, place (n,) in frames -> (n, 67), normalised.

        Column 1 is the logit of voicing; the others times `scale` plus `mean` of the voice are a frame's numbers.
        """
        said = torch.clamp(length, max=LONGEST)
        x = torch.cat([(self.embed(unit) + self.fine(fine)).flatten(1), torch.log1p(said) / 3, self.voice(voice)], 1)
        x = torch.relu(self.second(torch.relu(self.first(x))))
        where = places(place, 2 * length[row, BEFORE])
        z = torch.relu(self.shift(x)[row] + self.place(where) + self.turn(x)[row] * self.spread(where))
        z = z + torch.relu(self.third(z))
        z = z + torch.relu(self.fourth(z))
        return self.out(z)
