"""The masked autoencoder that `pretrain` trains: MAE-AST (Baade et al., Interspeech 2022) around the streaming encoder.

A share of the tokens is hidden. The deep encoder sees the visible ones only, gathered with their own positions, so distances (ALiBi) and
the chunk-causal mask are those of the whole recording. A shallow decoder gets them back at their places, one learned vector everywhere
else, and says what was hidden: by reconstruction (mean squared error) and by telling it from the other hidden tokens of the clip (InfoNCE,
plain dot products). `masked_encoder` is the way of SSAST (Gong et al., AAAI 2022): the learned vector already inside the encoder, at full length.

Frame tokens are 2 frames x 128 bins, patch tokens 16 frames x 16 bins (8 a step of 160 ms, frequency fastest): 256 numbers and 50 tokens a
second both ways. No output is delayed here.

Letters in shapes: B clips, T tokens, V visible tokens, M hidden tokens, S keys, H query heads, D width, P = 256 numbers of a token.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from model.encoder import HIDDEN, Block, Encoder, EncoderConfig

BANDS = 8  # patch tokens of one time step: 128 bins / 16
PATCH_FRAMES, PATCH_BINS = 16, 16
SPAN_TOKENS = (10, 51)  # lengths of the spans of mask 'span': LossPred asks for gaps of up to 51 (SyllableLM)
CHUNK_SIZES = (3, 4, 5)  # sides of the blocks of mask 'chunked' (MAE-AST, SSAST)


@dataclass(frozen=True)
class MaeConfig:
    """What is hidden and how it is asked for."""

    tokens: str = 'frame'  # or 'patch'
    mask: str = 'random'  # or 'chunked', 'span'
    ratio: float = 0.75  # share of hidden tokens
    decoder_layers: int = 2
    masked_encoder: bool = False
    reconstruct: float = 10.0  # weight of the mean squared error
    contrast: float = 1.0  # weight of InfoNCE

    def __post_init__(self) -> None:
        choices = {'tokens': ('frame', 'patch'), 'mask': ('random', 'chunked', 'span')}
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ValueError(f'{name}: expected one of {", ".join(known)}, got {getattr(self, name)!r}')
        if not 0 < self.ratio < 1:
            raise ValueError(f'ratio: expected a share between 0 and 1, got {self.ratio}')
        if self.reconstruct < 0 or self.contrast < 0 or self.reconstruct + self.contrast == 0:
            raise ValueError(f'expected loss weights of which one is above 0, got {self.reconstruct} and {self.contrast}')

    def to_dict(self) -> dict:
        return asdict(self)


def tokens_of(mel: Tensor, kind: str) -> Tensor:
    """mel (B, F, 128) -> tokens (B, T, 256), T = F / 2; patches need F to be a multiple of 16."""
    B, frames, bins = mel.shape
    if kind == 'frame':
        return mel.reshape(B, frames // 2, 2 * bins)
    if frames % PATCH_FRAMES:
        raise ValueError(f'expected a multiple of {PATCH_FRAMES} frames for patch tokens, got {frames}')
    x = mel.view(B, frames // PATCH_FRAMES, PATCH_FRAMES, BANDS, PATCH_BINS).transpose(2, 3)  # (B, steps, 8, 16, 16)
    return x.reshape(B, -1, PATCH_FRAMES * PATCH_BINS)


def draw_mask(mae: MaeConfig, rng: np.random.Generator, clips: int, tokens: int) -> np.ndarray:
    """Which tokens are hidden, (B, T) bool; every clip has the same number, T - max(1, (1 - ratio) T). 'chunked' hides alike in all clips."""
    count = tokens - max(1, int((1 - mae.ratio) * tokens))
    if mae.mask == 'random':
        return rng.random((clips, tokens)).argsort(1) < count
    if mae.mask == 'chunked':
        return np.repeat(_blocks(mae, rng, tokens, count)[None], clips, 0)
    return np.stack([_spans(rng, tokens, count) for _ in range(clips)])


def _blocks(mae: MaeConfig, rng: np.random.Generator, tokens: int, count: int) -> np.ndarray:
    """Squares of C x C patches, or runs of C frame tokens, until `count` are hidden; what is too much of the last one is seen again."""
    across = BANDS if mae.tokens == 'patch' else 1
    hidden = np.zeros((tokens // across, across), bool)
    while True:
        C = int(rng.choice(CHUNK_SIZES))
        t, f = int(rng.integers(0, max(1, len(hidden) - C + 1))), int(rng.integers(0, max(1, across - C + 1)))
        before = hidden.copy()
        hidden[t : t + C, f : f + C] = True
        if hidden.sum() >= count:
            new = np.flatnonzero((hidden & ~before).ravel())
            hidden.ravel()[new[len(new) - (int(hidden.sum()) - count) :]] = False
            return hidden.ravel()


def _spans(rng: np.random.Generator, tokens: int, count: int) -> np.ndarray:
    """Spans of 10 to 51 tokens until `count` are hidden; the last one is cut short."""
    hidden = np.zeros(tokens, bool)
    while (missing := count - int(hidden.sum())) > 0:
        length = min(int(rng.integers(SPAN_TOKENS[0], SPAN_TOKENS[1] + 1)), tokens)
        start = int(rng.integers(0, tokens - length + 1))
        new = start + np.flatnonzero(~hidden[start : start + length])
        hidden[new[:missing]] = True
    return hidden


def places(chosen: Tensor) -> Tensor:
    """(B, T) bool -> the places of the chosen tokens, ascending, (B, most); a shorter row is filled up with T."""
    T = chosen.shape[1]
    at = torch.arange(T, device=chosen.device).expand_as(chosen)
    return torch.where(chosen, at, T).sort(1).values[:, : int(chosen.sum(1).max())]


def bias_at(cfg: EncoderConfig, at: Tensor, tokens: int, chunk: int | None, phase: int = 0) -> Tensor:
    """encoder.whole_bias for the tokens at places `at` (B, V) of `tokens`: (B, 1, V*H, V). A place of `tokens` is seen by nobody."""
    distance = (at[:, :, None] - at[:, None, :]).abs().float()  # (B, V, V)
    slopes = torch.tensor(cfg.slopes, device=at.device)
    seen = (at < tokens)[:, None, :].expand_as(distance)
    if chunk is not None:
        of = (at + phase) // chunk
        first = of * chunk - phase
        seen = seen & (of[:, None, :] <= of[:, :, None]) & (at[:, None, :] >= first[:, :, None] - cfg.window_tokens)
    hidden = torch.where(seen, 0.0, HIDDEN)
    bias = -slopes[None, None, :, None] * distance[:, :, None, :] + hidden[:, :, None, :]  # (B, V, H, V)
    return bias.flatten(1, 2)[:, None]


def sinusoids(tokens: int, width: int, device: torch.device) -> Tensor:
    """Fixed positions (T, D) of the decoder (Vaswani et al. 2017): by them a hidden token knows left from right, which ALiBi does not tell."""
    at = torch.arange(tokens, device=device).float()[:, None]
    rate = torch.exp(torch.arange(0, width, 2, device=device).float() * (-np.log(10_000.0) / width))
    return torch.stack([(at * rate).sin(), (at * rate).cos()], -1).flatten(1)


class MaskedAutoencoder(nn.Module):
    """Encoder, decoder, and the two heads. `forward` gives the losses of every hidden token."""

    def __init__(self, cfg: EncoderConfig, mae: MaeConfig):
        super().__init__()
        self.cfg, self.mae = cfg, mae
        P = cfg.frames_per_token * cfg.mel_bins
        self.encoder = Encoder(cfg)
        self.band = nn.Parameter(torch.zeros(BANDS, cfg.width)) if mae.tokens == 'patch' else None
        self.mask_token = nn.Parameter(torch.randn(cfg.width) * 0.02)
        self.decoder_blocks = nn.ModuleList(Block(cfg) for _ in range(mae.decoder_layers))
        self.decoder_norm = nn.LayerNorm(cfg.width)
        self.reconstruct = nn.Linear(cfg.width, P)
        self.contrast = nn.Linear(cfg.width, P)
        for part in (self.decoder_blocks, self.reconstruct, self.contrast):
            part.apply(Encoder._init)

    def bands(self, tokens: int) -> Tensor:
        """What tells the eight patches of a time step apart, (T, D); nothing for frame tokens."""
        return self.mask_token.new_zeros(tokens, self.cfg.width) if self.band is None else self.band.repeat(tokens // BANDS, 1)

    def layers(self, x: Tensor, bias: Tensor) -> list[Tensor]:
        """Embedded tokens (B, V, D) -> the output of every block and, last, of the final norm."""
        out = []
        for block in self.encoder.blocks:
            x, _, _ = block(x, bias, None)
            out.append(x)
        return [*out, self.encoder.norm(x)]

    def features(self, mel: Tensor, chunk: int | None = None, lengths: Tensor | None = None) -> list[Tensor]:
        """Everything visible: mel (B, 2T, 128) -> a list of (B, T, D), one a block and, last, after the final norm."""
        x = self.encoder.embed(tokens_of(mel, self.mae.tokens))
        B, T, _ = x.shape
        at = torch.arange(T, device=x.device).expand(B, T)
        if lengths is not None:
            at = torch.where(at < lengths[:, None], at, T)
        return self.layers(x + self.bands(T), bias_at(self.cfg, at, T, chunk))

    def decode(self, mel: Tensor, hidden: Tensor, chunk: int | None = None, phase: int = 0) -> tuple[Tensor, Tensor, Tensor]:
        """mel (B, 2T, 128), hidden (B, T) bool -> their places (B, M), what is said of them (B, M, D), the truth (B, M, P)."""
        cfg, tokens = self.cfg, tokens_of(mel, self.mae.tokens)
        B, T, P = tokens.shape
        everywhere = torch.arange(T, device=mel.device)[None]
        whole = bias_at(cfg, everywhere, T, chunk, phase)  # (1, 1, T*H, T): all clips are whole
        bands = self.bands(T)
        if self.mae.masked_encoder:
            x = torch.where(hidden[..., None], self.mask_token, self.encoder.embed(tokens)) + bands
            y = self.layers(x, whole)[-1]
        else:
            at = places(~hidden)  # (B, V)
            row = at[..., None].clamp(max=T - 1)
            x = self.encoder.embed(tokens.gather(1, row.expand(-1, -1, P))) + bands[at.clamp(max=T - 1)]
            h = self.layers(x, bias_at(cfg, at, T, chunk, phase))[-1]  # (B, V, D)
            y = self.mask_token.to(h.dtype).expand(B, T + 1, -1).scatter(1, at[..., None].expand_as(h), h)[:, :T]
        if self.decoder_blocks:
            y = y + sinusoids(T, cfg.width, mel.device) + bands
            for block in self.decoder_blocks:
                y, _, _ = block(y, whole, None)
        asked = places(hidden)  # (B, M)
        row = asked[..., None].clamp(max=T - 1)
        said = self.decoder_norm(y).gather(1, row.expand(-1, -1, y.shape[-1]))
        return asked, said, tokens.gather(1, row.expand(-1, -1, P))

    def forward(self, mel: Tensor, hidden: Tensor, chunk: int | None = None, phase: int = 0) -> dict[str, Tensor]:
        """Losses of the hidden tokens: `at` (B, M) their places (T where a row has fewer), `mse` and `nce` (B, M), 0 there."""
        at, said, truth = self.decode(mel, hidden, chunk, phase)
        real = at < hidden.shape[1]
        error = (self.reconstruct(said).float() - truth).square().mean(-1)
        with torch.autocast(mel.device.type, enabled=False):
            logits = self.contrast(said.float()) @ truth.float().transpose(1, 2)  # (B, M, M): row = what is said, column = what it could be
        logits = logits.masked_fill(~real[:, None, :], HIDDEN)
        own = torch.arange(at.shape[1], device=at.device).expand_as(at)
        nce = F.cross_entropy(logits.transpose(1, 2), own, reduction='none')
        return {'at': at, 'mse': error * real, 'nce': nce * real}

    def loss(self, out: dict[str, Tensor]) -> Tensor:
        """The weighted sum that is minimised; means over all hidden tokens (every clip of training has the same number)."""
        return self.mae.reconstruct * out['mse'].mean() + self.mae.contrast * out['nce'].mean()
