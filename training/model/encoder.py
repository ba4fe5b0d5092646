"""The streaming encoder: log-mel in, features, boundary and speech logits out.

One pre-LN transformer over tokens of two mel frames (20 ms) with ALiBi positions and one key/value head. There is a single
forward pass; what makes it whole-context, chunk-causal, causal or streaming is only the additive bias that says who sees whom:
`whole_bias` for an utterance at once, `step_bias` for a chunk on top of cached keys and values. All outputs speak of the token
`delay` tokens back, so a flush appends `delay` masked tokens that nobody attends to.

A causal network knows no grid of chunks: a token sees itself and the window_tokens before it, whatever chunk it came in, and all that
it knows of the future is what the delay lets it wait for. Its embedding may hear stem_frames frames, the token's two and those before
them; frames before the start and after the end are 0.

A network of two phases runs the same weights over two grids of tokens, the second half a token earlier, and says the mean of both: so what
it says depends half as much on where the grid of a stream happens to lie. Keys and values of both are cached, the second's after the first's.

Letters in shapes: B streams, P phases, L layers, T tokens, c new tokens of a step, W cached tokens, S keys seen, H query heads, E head width,
D features.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HIDDEN = -1e9  # bias of a key that must not be seen; finite, so that a row which sees nothing stays finite


def alibi_slopes(heads: int) -> list[float]:
    """ALiBi slope of each query head: 2^(-8(h+1)/H), the geometric series of Press et al. 2022."""
    return [2.0 ** (-8.0 * (h + 1) / heads) for h in range(heads)]


@dataclass(frozen=True)
class EncoderConfig:
    """Sizes of one encoder; the names are those of config.json in a bundle (docs/bundle.md)."""

    layers: int = 6
    width: int = 256
    heads: int = 4
    head_width: int = 64
    ffn_width: int = 1024
    feature_width: int = 256
    mel_bins: int = 128
    frames_per_token: int = 2
    chunk_tokens: int = 8
    window_tokens: int = 128
    delay_tokens: int = 4
    causal: bool = False  # no token sees a later one; else all tokens of a chunk see each other
    stem_frames: int = 2  # frames that a token's embedding hears, its own last
    phases: int = 1  # grids of tokens: 1, or 2 of which the second is half a token earlier
    phones: int = 40  # classes of the phone head, which only training uses

    def __post_init__(self) -> None:
        if self.frames_before < 0 or self.frames_before % self.frames_per_token:
            raise ValueError(f'expected stem_frames of {self.frames_per_token} and a multiple of it more, got {self.stem_frames}')
        if self.phases not in (1, 2):
            raise ValueError(f'expected phases 1 or 2, got {self.phases}')

    @property
    def slopes(self) -> list[float]:
        """ALiBi slope of each query head."""
        return alibi_slopes(self.heads)

    @property
    def frames_before(self) -> int:
        """Frames that the input repeats before a chunk's own."""
        return self.stem_frames - self.frames_per_token * (2 - self.phases)

    @property
    def caches(self) -> int:
        """Layers whose keys and values are kept: all of the first phase, then all of the second."""
        return self.layers * self.phases

    def to_dict(self) -> dict[str, int]:
        return asdict(self)


class Block(nn.Module):
    """One pre-LN transformer block; all query heads share one key and one value head.

    cfg: anything with heads, head_width, width and ffn_width; dropout: of both residual branches.
    """

    def __init__(self, cfg: EncoderConfig, dropout: float = 0.0):
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.heads, self.head_width = cfg.heads, cfg.head_width
        self.norm1 = nn.LayerNorm(cfg.width)
        self.query = nn.Linear(cfg.width, cfg.heads * cfg.head_width)
        self.key_value = nn.Linear(cfg.width, 2 * cfg.head_width)
        self.out = nn.Linear(cfg.heads * cfg.head_width, cfg.width)
        self.norm2 = nn.LayerNorm(cfg.width)
        self.up = nn.Linear(cfg.width, cfg.ffn_width)
        self.down = nn.Linear(cfg.ffn_width, cfg.width)

    def forward(self, x: Tensor, bias: Tensor, past: tuple[Tensor, Tensor] | None) -> tuple[Tensor, Tensor, Tensor]:
        B, T, _ = x.shape
        h = self.norm1(x)  # (B, T, width)
        # Query rows run over (token, head), so one shared key head needs neither transposes nor copies.
        q = self.query(h).view(B, 1, T * self.heads, self.head_width)  # (B, 1, T*H, E)
        k, v = self.key_value(h).chunk(2, -1)  # (B, T, E) each
        keys = k if past is None else torch.cat([past[0], k], 1)  # (B, S, E)
        values = v if past is None else torch.cat([past[1], v], 1)  # (B, S, E)
        a = F.scaled_dot_product_attention(q, keys[:, None], values[:, None], attn_mask=bias.to(q.dtype))  # (B, 1, T*H, E)
        x = x + self.dropout(self.out(a.reshape(B, T, self.heads * self.head_width)))
        x = x + self.dropout(self.down(F.gelu(self.up(self.norm2(x)), approximate='tanh')))
        return x, k, v


class Encoder(nn.Module):
    """The whole network: token embedding, blocks, final norm, and the heads.

    `forward` returns a dict of `hidden` (B, T, width), `features` (B, T, D), `boundary`, `speech` (B, T) and `phones` (B, T, P).
    Row i speaks of token i - delay. `present` (when `past` is given) is (B, P*L, 2, c, E).
    """

    def __init__(self, cfg: EncoderConfig):
        super().__init__()
        self.cfg = cfg
        self.embed = nn.Linear(cfg.stem_frames * cfg.mel_bins, cfg.width)
        self.blocks = nn.ModuleList(Block(cfg) for _ in range(cfg.layers))
        self.norm = nn.LayerNorm(cfg.width)
        self.features = nn.Linear(cfg.width, cfg.feature_width)
        self.events = nn.Linear(cfg.width, 2)  # boundary and speech logits
        self.phones = nn.Linear(cfg.width, cfg.phones)
        self.apply(self._init)
        for block in self.blocks:  # residual branches start small: GPT-2's 1/sqrt(2 L)
            nn.init.normal_(block.out.weight, std=0.02 / (2 * cfg.layers) ** 0.5)
            nn.init.normal_(block.down.weight, std=0.02 / (2 * cfg.layers) ** 0.5)

    @staticmethod
    def _init(module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)

    def forward(self, mel: Tensor, bias: Tensor, past: tuple[Tensor, Tensor] | None = None) -> dict[str, Tensor]:
        """mel (B, frames_before + 2T, 128) normalised; bias (B, 1, T*H, S) from whole_bias or step_bias; past keys, values (B, P*L, W, E)."""
        P, L = self.cfg.phases, self.cfg.layers
        x = self.embed(stem_windows(self.cfg, mel))  # (P*B, T, width)
        bias = bias.repeat(P, 1, 1, 1)
        present = []
        for i, block in enumerate(self.blocks):
            x, k, v = block(x, bias, None if past is None else tuple(torch.cat(cache[:, i::L].unbind(1)) for cache in past))
            if past is not None:
                present.append(torch.stack([k, v], 1).chunk(P))  # P of (B, 2, c, E)
        h = self.norm(x).unflatten(0, (P, -1)).mean(0)  # (B, T, width)
        events = self.events(h)  # (B, T, 2)
        out = {
            'hidden': h,
            'features': self.features(h),
            'boundary': events[..., 0],
            'speech': events[..., 1],
            'phones': self.phones(h),
        }
        if past is not None:
            out['present'] = torch.stack([layer[phase] for phase in range(P) for layer in present], 1)  # (B, P*L, 2, c, E)
        return out


def stem_windows(cfg: EncoderConfig, mel: Tensor) -> Tensor:
    """mel (B, frames_before + 2T, bins) -> what the embedding of each token hears, in time order, (P*B, T, stem_frames * bins)."""
    if cfg.frames_before == 0:
        return mel.reshape(mel.shape[0], -1, cfg.frames_per_token * cfg.mel_bins)
    if cfg.phases == 2:
        half = cfg.frames_per_token // 2
        mel = torch.cat([mel[:, 2 * half :], mel[:, half:-half]])
    windows = mel.unfold(1, cfg.stem_frames, cfg.frames_per_token)  # (P*B, T, bins, stem_frames)
    return windows.transpose(2, 3).flatten(2)


def with_edges(cfg: EncoderConfig, mel: Tensor) -> Tensor:
    """Utterances (B, 2T, bins) from their start -> with the absent frames before them, and the delay's after them."""
    return F.pad(mel, (0, 0, cfg.frames_before, cfg.delay_tokens * cfg.frames_per_token))


def whole_bias(cfg: EncoderConfig, token_mask: Tensor, chunk: int | None = None, phase: int | Tensor = 0) -> Tensor:
    """Bias of a whole utterance at once, (B, 1, T*H, T).

    token_mask (B, T): 1 = a token, 0 = masked (they must come last). chunk: tokens of an encoder chunk, None = everything is seen;
    a causal network has no chunks, so that any number means "as it runs live". phase: how many tokens of the first chunk came before the
    first token (0 = the first token starts a chunk), one number or (B,).
    Masked tokens belong to the chunk after the last full one: exactly what a flush runs as scratch.
    """
    B, T = token_mask.shape
    device = token_mask.device
    i = torch.arange(T, device=device)
    distance = (i[:, None] - i[None, :]).abs().float()  # (T, T)
    slopes = torch.tensor(cfg.slopes, device=device)
    alibi = -slopes[None, :, None] * distance[:, None, :]  # (T, H, T)
    seen = token_mask[:, None, :] > 0  # (B, 1, T)
    if chunk is not None and cfg.causal:
        back = i[:, None] - i[None, :]  # (T, T)
        seen = seen & ((back >= 0) & (back <= cfg.window_tokens))[None]
    elif chunk is not None:
        shift = torch.as_tensor(phase, device=device).reshape(-1, 1)  # (B or 1, 1)
        count = token_mask.sum(1, keepdim=True).long()  # (B, 1)
        of = torch.minimum((i[None, :] + shift) // chunk, (count + shift) // chunk)  # (B, T): the chunk each token belongs to
        first = of * chunk - shift  # (B, T): that chunk's first token
        seen = seen & (of[:, None, :] <= of[:, :, None])  # (B, T, T)
        seen = seen & (i[None, None, :] >= first[:, :, None] - cfg.window_tokens)
    hidden = torch.where(seen, 0.0, HIDDEN)  # (B, 1 or T, T)
    return (alibi[None] + hidden[:, :, None, :]).reshape(B, 1, T * cfg.heads, T)


def step_bias(cfg: EncoderConfig, token_mask: Tensor, past_age: Tensor) -> Tensor:
    """Bias of one step on top of a cache, (B, 1, c*H, W + c). token_mask (B, c); past_age (B, W), 0 = an absent row."""
    B, c = token_mask.shape
    i = torch.arange(c, device=token_mask.device).float()
    slopes = torch.tensor(cfg.slopes, device=token_mask.device)[None, None, :, None]  # (1, 1, H, 1)
    distance = past_age[:, None, None, :] + i[None, :, None, None]  # (B, c, 1, W)
    hidden = torch.where(past_age > 0, 0.0, HIDDEN)[:, None, None, :]
    if cfg.causal:
        hidden = hidden + torch.where(distance <= cfg.window_tokens, 0.0, HIDDEN)
    old = distance * -slopes + hidden  # (B, c, H, W)
    new = (i[:, None] - i[None, :]).abs()[None, :, None, :] * -slopes  # (1, c, H, c)
    hidden = torch.where(token_mask > 0, 0.0, HIDDEN)[:, None, None, :]
    if cfg.causal:
        hidden = hidden + torch.where(i[:, None] >= i[None, :], 0.0, HIDDEN)[None, :, None, :]
    new = new + hidden  # (B, c, H, c)
    return torch.cat([old, new], -1).reshape(B, 1, c * cfg.heads, -1)


@torch.no_grad()
def encode(model: Encoder, mel: Tensor, chunk: int | None = None) -> dict[str, Tensor]:
    """One utterance, delay taken out and end flushed. mel (2T, 128) normalised -> every output with T rows."""
    cfg = model.cfg
    tokens = mel.shape[0] // cfg.frames_per_token
    x = with_edges(cfg, mel[None, : tokens * cfg.frames_per_token])
    mask = torch.ones(1, tokens + cfg.delay_tokens, device=mel.device)
    mask[:, tokens:] = 0
    out = model(x, whole_bias(cfg, mask, chunk))
    return {name: value[0, cfg.delay_tokens :] for name, value in out.items()}


class Streamer:
    """Runs an encoder chunk by chunk as the runtime does: a ring of W cached rows, flush as scratch. The reference for export's tests.

    `step(mel, mask, ages, keys, values)` may be the PyTorch network or an ONNX session: see `torch_step`.
    """

    def __init__(self, cfg: EncoderConfig, step, streams: int = 1):
        W, caches, E = cfg.window_tokens, cfg.caches, cfg.head_width
        self.cfg, self.step = cfg, step
        self.keys = torch.zeros(streams, caches, W, E)
        self.values = torch.zeros(streams, caches, W, E)
        self.before = torch.zeros(streams, cfg.frames_before, cfg.mel_bins)  # the last frames of what is done
        self.done = 0  # tokens processed for good

    def only(self, which: slice) -> Streamer:
        """Some of the streams, to go on without the others; what they have is not copied."""
        some = Streamer(self.cfg, self.step, streams=0)
        some.keys, some.values, some.before, some.done = self.keys[which], self.values[which], self.before[which], self.done
        return some

    def _ages(self) -> Tensor:
        slot = torch.arange(self.cfg.window_tokens)
        age = (self.done - 1 - slot) % self.cfg.window_tokens + 1  # token t lies in slot t mod W
        return torch.where(age <= self.done, age, 0).float()[None]

    def push(self, mel: Tensor) -> dict[str, Tensor]:
        """A whole chunk, (2c, 128): returns c rows per output. (The frames before it are kept here.)"""
        return {name: value[0] for name, value in self.push_all(mel[None]).items()}

    def push_all(self, mel: Tensor) -> dict[str, Tensor]:
        """A whole chunk of each of the B streams, which are equally far, (B, 2c, 128): returns (B, c, …) per output."""
        B, c = mel.shape[0], mel.shape[1] // self.cfg.frames_per_token
        mel = torch.cat([self.before, mel], 1)
        out = self.step(mel, torch.ones(B, c), self._ages().expand(B, -1), self.keys, self.values)
        self.before = mel[:, mel.shape[1] - self.cfg.frames_before :]
        slots = torch.arange(self.done, self.done + c) % self.cfg.window_tokens
        self.keys[:, :, slots] = out['present'][:, :, 0]
        self.values[:, :, slots] = out['present'][:, :, 1]
        self.done += c
        return out

    def flush(self, mel: Tensor) -> dict[str, Tensor]:
        """The end: n < c remaining tokens, (2n, 128), n may be 0. Returns n + delay rows per output."""
        delay, bins = self.cfg.delay_tokens, self.cfg.mel_bins
        n = mel.shape[0] // self.cfg.frames_per_token
        x = torch.cat([self.before, mel[None], torch.zeros(1, delay * self.cfg.frames_per_token, bins)], 1)
        mask = torch.ones(1, n + delay)
        mask[:, n:] = 0
        out = self.step(x, mask, self._ages(), self.keys, self.values)
        return {name: value[0] for name, value in out.items()}

    def run(self, mel: Tensor) -> dict[str, Tensor]:
        """A whole utterance (2T, 128) in chunks of cfg.chunk_tokens, flushed; T rows per output, delay taken out."""
        size = self.cfg.chunk_tokens * self.cfg.frames_per_token
        tokens = mel.shape[0] // self.cfg.frames_per_token
        full = tokens // self.cfg.chunk_tokens * size
        rows = [self.push(mel[a : a + size]) for a in range(0, full, size)]
        rows.append(self.flush(mel[full : tokens * self.cfg.frames_per_token]))
        names = [name for name in rows[0] if name != 'present']
        return {name: torch.cat([r[name] for r in rows])[self.cfg.delay_tokens :] for name in names}


def torch_step(model: Encoder):
    """The PyTorch network as a step function for Streamer."""

    @torch.no_grad()
    def step(mel, mask, ages, keys, values):
        return model(mel, step_bias(model.cfg, mask, ages), (keys, values))

    return step
