"""What a bundle makes of a recording."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from bundle.onnx_graph import build, flat_weights
from bundle.read import onnx_step, read_bundle
from data.batches import Utterance
from model.encoder import Encoder, Streamer, encode
from segment.stand_ins import complete_normalised


def outputs_of(bundle: Path, precision: str, whole: bool) -> Callable[[torch.Tensor], dict[str, np.ndarray]]:
    """A function from normalised mel to the bundle's outputs: streamed through its step model, or by PyTorch with whole context."""
    model, config, _ = read_bundle(bundle)
    if whole:
        return lambda x: complete_normalised({k: v.numpy() for k, v in encode(model, x).items()}, x, config)
    step = onnx_step(bundle / 'onnx' / ('step_int8.onnx' if precision == 'int8' else 'step.onnx'), model.cfg.caches)
    return lambda x: complete_normalised({k: v.numpy() for k, v in Streamer(model.cfg, step).run(x).items()}, x, config)


def int8_outputs(model: Encoder, utterances: list[Utterance], mel: tuple[float, float]) -> list[dict[str, np.ndarray]]:
    """Streams every utterance through the int8 step model, as the runtime does."""
    weights = flat_weights(model.cfg, {k: v.detach().float().numpy() for k, v in model.state_dict().items()})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'step_int8.onnx'
        path.write_bytes(build(model.cfg, weights, 'step', int8=True).SerializeToString())
        step = onnx_step(path, model.cfg.caches)
        out = []
        for u in utterances:
            x = torch.from_numpy(0.5 * (np.asarray(u.mel, np.float32) - mel[0]) / mel[1])
            out.append({k: v.numpy() for k, v in Streamer(model.cfg, step).run(x).items()})
    return out
