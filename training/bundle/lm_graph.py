"""The unit language model as files: ONNX step graphs (fp32, int8), lm/ of a bundle (docs/bundle.md), and the way back to PyTorch.

Built on bundle/onnx_graph.py. In int8 the output layer is quantised too: integer products are exact, so one stream alone gets the same bits
as one of many, which a float product does not promise for one unit in one stream. The embedding's look-up stays fp32.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto
from safetensors.numpy import save_file

from bundle.onnx_graph import (
    Graph,
    attention_rows,
    block,
    flat_weights,
    halved,
    hidden_where,
    layer_present,
    model_of,
    save_shared,
    session_of,
    unflatten_weights,
    weights_in,
)
from model.unit_lm import UnitLm, UnitLmConfig, whole_logits


def lm_json(cfg: UnitLmConfig, codebook: Path, rate: str) -> dict:
    """lm/config.json; codebook: the codebook.safetensors whose units it was trained on."""
    return {
        'formatVersion': 1, 'codebook': hashlib.sha256(codebook.read_bytes()).hexdigest(), 'rate': rate,
        'layers': cfg.layers, 'width': cfg.width, 'heads': cfg.heads, 'kvHeads': 1, 'headWidth': cfg.head_width,
        'ffnWidth': cfg.ffn_width, 'vocabulary': cfg.vocabulary, 'windowUnits': cfg.window_units, 'alibiSlopes': cfg.slopes,
        'boundedSums': True,
    }  # fmt: skip


def lm_config(config: dict) -> UnitLmConfig:
    """lm/config.json -> UnitLmConfig."""
    return UnitLmConfig(
        layers=config['layers'], width=config['width'], heads=config['heads'], head_width=config['headWidth'],
        ffn_width=config['ffnWidth'], window_units=config['windowUnits'], vocabulary=config['vocabulary'],
    )  # fmt: skip


def step_bias(g: Graph, cfg: UnitLmConfig) -> str:
    """Additive bias (B, c*H, W + c) from unit_mask (B, c) and past_age (B, W): see unit_lm.step_bias."""
    slopes = g.const(-np.array(cfg.slopes, np.float32)[None, None, :, None])
    count = g.op('Gather', g.op('Shape', 'unit_mask'), g.const(1, np.int64))
    i = g.op('Range', g.const(0), g.op('Cast', count, to=TensorProto.FLOAT), g.const(1))
    age = g.op('Unsqueeze', 'past_age', g.ints(1))  # (B, 1, W)
    distance = g.op('Add', age, g.op('Unsqueeze', i, g.ints(0, 2)))  # (B, c, W)
    seen = g.op('And', g.op('Greater', age, g.const(0)), g.op('LessOrEqual', distance, g.const(cfg.window_units)))
    old = g.op('Mul', g.op('Unsqueeze', distance, g.ints(2)), slopes)  # (B, c, H, W)
    old = g.op('Add', old, g.op('Unsqueeze', hidden_where(g, seen), g.ints(2)))
    distance = g.op('Sub', g.op('Unsqueeze', i, g.ints(1)), i)  # (c, c)
    mask = g.op('Unsqueeze', 'unit_mask', g.ints(1))  # (B, 1, c)
    seen = g.op('And', g.op('GreaterOrEqual', distance, g.const(0)), g.op('Greater', mask, g.const(0)))  # (B, c, c)
    new = g.op('Mul', g.op('Unsqueeze', g.op('Abs', distance), g.ints(0, 2)), slopes)  # (1, c, H, c)
    new = g.op('Add', new, g.op('Unsqueeze', hidden_where(g, seen), g.ints(2)))  # (B, c, H, c)
    return attention_rows(g, g.op('Concat', old, new, axis=-1))


def build(cfg: UnitLmConfig, weights: dict[str, np.ndarray], int8: bool = False) -> onnx.ModelProto:
    """The step graph; weights from onnx_graph.flat_weights. Returns a model with all weights inside."""
    g = Graph(weights, int8)
    bias = step_bias(g, cfg)
    x = g.op('Transpose', g.op('Gather', g.weight('embed.weight'), 'unit', axis=1), perm=[1, 2, 0])  # (B, c, width)
    x = g.by_row(x, cfg.width)
    present = []
    for layer in range(cfg.layers):
        x, kv = block(g, cfg, layer, x, bias, (f'past_k_{layer}', f'past_v_{layer}'))
        present.append(layer_present(g, kv, cfg.head_width))
    g.by_stream(g.linear(g.norm(x, 'norm'), 'embed', int8=True), -1, cfg.vocabulary, out='logits')
    g.op('Concat', *present, axis=1, out='present')
    W, V = cfg.window_units, cfg.head_width
    inputs = {'unit': ['B', 'c'], 'unit_mask': ['B', 'c'], 'past_age': ['B', W]}
    for which in 'kv':
        inputs |= {f'past_{which}_{layer}': ['B', W, V] for layer in range(cfg.layers)}
    outputs = {'logits': ['B', 'c', cfg.vocabulary], 'present': ['B', cfg.layers, 2, 'c', V]}
    return model_of(g, 'sylstream_lm', inputs, outputs, integers=('unit',))


def write_lm(folder: Path, model: UnitLm, config: dict, golden: list[int]) -> None:
    """Writes every file of lm/. config: from lm_json; golden: units of a stream, the boundary id first."""
    model.eval()
    model.load_state_dict({name: value.half().float() for name, value in model.state_dict().items()})  # as they are stored
    folder.mkdir(parents=True, exist_ok=True)
    weights = flat_weights(model.cfg, {k: v.detach().float().numpy() for k, v in model.state_dict().items()})
    save_shared({'step': halved(build(model.cfg, weights))}, folder)
    (folder / 'step_int8.onnx').write_bytes(build(model.cfg, weights, int8=True).SerializeToString())
    (folder / 'config.json').write_text(json.dumps(config, indent=2) + '\n')
    tensors = {'units': np.array(golden, np.int32), 'logits': whole_logits(model, golden).numpy()}
    save_file(tensors, folder / 'golden.safetensors')


def read_lm(folder: Path) -> tuple[UnitLm, dict]:
    """The fp32 network and config.json of an lm/ folder."""
    config = json.loads((folder / 'config.json').read_text())
    model = UnitLm(lm_config(config))
    arrays = weights_in(folder / 'step.onnx')
    state = unflatten_weights(model.cfg, {n: arrays[n] for n in model.state_dict()})
    model.load_state_dict({n: torch.from_numpy(np.array(v)) for n, v in state.items()})
    return model.eval(), config


def onnx_step(path: Path, layers: int):
    """A step graph as a step function for unit_lm.UnitStreamer."""
    session = session_of(path)

    def step(units, mask, ages, keys, values):
        feed = {'unit_mask': mask, 'past_age': ages}
        feed |= {f'past_k_{i}': keys[:, i] for i in range(layers)} | {f'past_v_{i}': values[:, i] for i in range(layers)}
        arrays = {k: np.ascontiguousarray(v.numpy(), np.float32) for k, v in feed.items()}
        return tuple(map(torch.from_numpy, session.run(['logits', 'present'], arrays | {'unit': units.numpy()})))

    return step


def random_lm(folder: Path, cfg: UnitLmConfig, config: dict, units: list[int], seed: int = 0) -> None:
    """Seeded random weights whose next units are neither even nor certain: for tests, worth nothing as a model."""
    torch.manual_seed(seed)
    model = UnitLm(cfg)
    with torch.no_grad():
        for p in model.parameters():
            if p.ndim == 2:
                p.normal_(std=p.shape[1] ** -0.5)
        model.embed.weight.mul_(3)
    write_lm(folder, model, config, units)
