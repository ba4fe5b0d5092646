"""A bundle that is there: its network, its step model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file

from bundle.config_json import encoder_config
from bundle.onnx_graph import session_of, unflatten_weights, weights_in
from model.encoder import Encoder


def onnx_step(path: Path, layers: int):
    """An ONNX step model as a step function for encoder.Streamer."""
    session = session_of(path)
    names = [o.name for o in session.get_outputs()]

    def step(mel, mask, ages, keys, values):
        feed = {'mel': mel, 'token_mask': mask, 'past_age': ages}
        feed |= {f'past_k_{i}': keys[:, i] for i in range(layers)} | {f'past_v_{i}': values[:, i] for i in range(layers)}
        out = session.run(None, {k: np.ascontiguousarray(v.numpy(), np.float32) for k, v in feed.items()})
        return {n: torch.from_numpy(v) for n, v in zip(names, out, strict=True)}

    return step


def read_bundle(folder: Path) -> tuple[Encoder, dict, dict]:
    """A bundle's fp32 network (phone head, and heads that the bundle lacks, untrained), config.json and codebook: what --init continues from."""
    config = json.loads((folder / 'config.json').read_text())
    model = Encoder(encoder_config(config))
    arrays = weights_in(folder / 'onnx/step.onnx')
    wanted = [n for n in model.state_dict() if not n.startswith('phones.') and (n in arrays or not n.startswith('events.'))]
    state = unflatten_weights(model.cfg, {n: arrays[n] for n in wanted})
    model.load_state_dict({n: torch.from_numpy(np.array(v)) for n, v in state.items()}, strict=False)
    return model.eval(), config, load_file(folder / 'codebook.safetensors')
