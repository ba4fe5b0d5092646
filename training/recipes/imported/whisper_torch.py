"""Whisper's encoder in PyTorch, of the tensors that bundle/imports/whisper.py reads: the same network as the graph, as something that can be taught.

Letters: B recordings, N = 320 T + 240 samples, T tokens, D features. Inside there is a token more, before the first (bundle/imports/whisper.py).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from bundle.imports.whisper import FFT, HOP, mel_filters

Weights = dict[str, Tensor]


def log_mel(wave: Tensor) -> Tensor:
    """(B, N) -> (B, 80, 2 T + 1)."""
    spectrum = torch.stft(wave, FFT, HOP, window=torch.hann_window(FFT), return_complex=True)[..., :-1].abs() ** 2
    log = (torch.from_numpy(mel_filters()).float() @ spectrum).clamp(min=1e-10).log10()
    return (torch.maximum(log, log.amax((1, 2), keepdim=True) - 8) + 4) / 4


def stem(wave: Tensor, t: Weights) -> Tensor:
    """(B, N) -> (B, T + 1, D): what goes into the first block."""
    x = F.gelu(F.conv1d(log_mel(wave), t['conv1.weight'], t['conv1.bias'], padding=1))
    x = F.gelu(F.conv1d(x, t['conv2.weight'], t['conv2.bias'], stride=2, padding=1)).transpose(1, 2)
    return x + t['positions'][: x.shape[1]]


def blocks(x: Tensor, t: Weights, first: int, end: int, heads: int) -> Tensor:
    """(B, T + 1, D) through the blocks [first, end)."""
    for k in range(first, end):

        def linear(y: Tensor, name: str, at: str = f'blocks.{k}') -> Tensor:
            return F.linear(y, t[f'{at}.{name}.weight'], t.get(f'{at}.{name}.bias'))

        def normed(y: Tensor, name: str, at: str = f'blocks.{k}') -> Tensor:
            return F.layer_norm(y, y.shape[-1:], t[f'{at}.{name}.weight'], t[f'{at}.{name}.bias'])

        y = normed(x, 'attn_ln')
        q, k_, v = (linear(y, name).unflatten(2, (heads, -1)).transpose(1, 2) for name in ('query', 'key', 'value'))
        x = x + linear(F.scaled_dot_product_attention(q, k_, v).transpose(1, 2).flatten(2), 'attn.out')
        x = x + linear(F.gelu(linear(normed(x, 'mlp_ln'), 'mlp.0')), 'mlp.2')
    return x


def features(x: Tensor, t: Weights, *, last: bool) -> Tensor:
    """(B, T + 1, D) -> (B, T, D) as the graph gives them. last: they come out of the network's last block."""
    weights = (t['ln_post.weight'], t['ln_post.bias']) if last else ()
    return F.layer_norm(x, x.shape[-1:], *weights)[:, 1:]
