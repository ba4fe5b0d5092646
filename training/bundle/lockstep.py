"""Many recordings through a bundle's step model at once, as the runtime batches streams: the same numbers, a third of the time.

Rows of a step depend on nothing but themselves (law 2), so every recording gets what `Streamer.run` gives it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bundle.read import onnx_step, read_bundle
from model.encoder import EncoderConfig, Streamer
from segment.stand_ins import complete_normalised

STREAMS = 16  # at once


def lockstep(cfg: EncoderConfig, step: Callable, mels: list[Tensor]) -> list[dict[str, Tensor]]:
    """Normalised mel (2T, 128) each, the longest first -> outputs (T, …) each, delay taken out."""
    size, tokens = cfg.chunk_tokens * cfg.frames_per_token, [len(m) // cfg.frames_per_token for m in mels]
    full = [n // cfg.chunk_tokens for n in tokens]
    if full != sorted(full, reverse=True):
        raise ValueError(f'mels: expected the longest first, got chunks {full}')
    streams, rows = Streamer(cfg, step, len(mels)), [[] for _ in mels]
    for k in range(full[0] + 1):
        for i, mel in enumerate(mels):  # who has no whole chunk more is flushed, alone
            if full[i] == k:
                rows[i].append(streams.only(slice(i, i + 1)).flush(mel[k * size : tokens[i] * cfg.frames_per_token]))
        active = sum(n > k for n in full)
        if not active:
            break
        streams = streams.only(slice(active))
        out = streams.push_all(torch.stack([m[k * size : (k + 1) * size] for m in mels[:active]]))
        for i in range(active):
            rows[i].append({name: value[i] for name, value in out.items()})
    names = [name for name in rows[0][0] if name != 'present']
    return [{name: torch.cat([r[name] for r in some])[cfg.delay_tokens :] for name in names} for some in rows]


def live_outputs(bundle: Path, mels: list[np.ndarray], precision: str) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
    """Log-mel (F, 128) each, not normalised -> (which, outputs of the bundle's step model, 'fp32' or 'int8'), in the order in which they are done."""
    model, config, _ = read_bundle(bundle)
    step, mel = onnx_step(bundle / 'onnx' / ('step_int8.onnx' if precision == 'int8' else 'step.onnx'), model.cfg.caches), config['mel']
    order = sorted(range(len(mels)), key=lambda i: -len(mels[i]))
    for at in range(0, len(order), STREAMS):
        some = order[at : at + STREAMS]
        xs = [0.5 * (torch.from_numpy(mels[i].astype(np.float32)) - mel['mean']) / mel['std'] for i in some]
        for i, x, out in zip(some, xs, lockstep(model.cfg, step, xs), strict=True):
            yield i, complete_normalised({k: v.numpy() for k, v in out.items()}, x, config)
