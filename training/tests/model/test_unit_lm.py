"""The language model's laws: cached = whole, PyTorch = ONNX, neighbours and padding change nothing, rows of a packed batch are apart."""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import pytest
import torch
from safetensors.numpy import load_file

from bundle.lm_graph import build, lm_json, onnx_step, random_lm, read_lm
from bundle.onnx_graph import flat_weights
from config import load_config
from data.places import PROJECT
from model.engine import onnxruntime
from model.unit_lm import UnitLm, UnitLmConfig, UnitStreamer, causal_bias, stream, torch_step, whole_logits
from tests.helpers import spread

BUNDLES = [PROJECT / 'test/fixtures/tiny', PROJECT / 'models/small']
BUNDLES += [Path(os.environ['SYLSTREAM_BUNDLE'])] if 'SYLSTREAM_BUNDLE' in os.environ else []
LMS = [b / 'lm' for b in BUNDLES if (b / 'lm/config.json').exists()]
CONFIGS = {'tiny': replace(load_config('tiny').lm, vocabulary=6), 'wide': UnitLmConfig(3, 64, 4, 16, 128, window_units=24, vocabulary=40)}
TOLERANCE = 1e-4


def network(cfg: UnitLmConfig) -> UnitLm:
    torch.manual_seed(0)
    model = UnitLm(cfg)
    spread(model).embed.weight.data.mul_(3)
    return model.eval()


def weights_of(model: UnitLm) -> dict[str, np.ndarray]:
    return flat_weights(model.cfg, {k: v.detach().numpy() for k, v in model.state_dict().items()})


def sequence(cfg: UnitLmConfig, length: int) -> list[int]:
    return np.random.default_rng(1).integers(0, cfg.vocabulary, length).tolist()


def streamed(cfg: UnitLmConfig, step, units: list[int], sizes: list[int]) -> torch.Tensor:
    """Pushes the units in parts of these sizes, over and over, each with two units of padding."""
    streamer, rows, at = UnitStreamer(cfg, step), [], 0
    while at < len(units):
        part = units[at : at + sizes[len(rows) % len(sizes)]]
        rows.append(streamer.push(part, padding=2))
        at += len(part)
    return torch.cat(rows)


@pytest.fixture(params=CONFIGS, ids=list(CONFIGS))
def model(request) -> UnitLm:
    return network(CONFIGS[request.param])


@pytest.mark.parametrize('sizes', [[1], [16], [5, 1, 9], [1, 1, 16, 3]], ids=str)
def test_cached_equals_whole_far_past_the_window(model, sizes):
    units = sequence(model.cfg, 90)
    torch.testing.assert_close(streamed(model.cfg, torch_step(model), units, sizes), whole_logits(model, units), atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize('int8', [False, True], ids=['fp32', 'int8'])
def test_onnx_step_equals_pytorch(model, int8, tmp_path):
    (tmp_path / 'step.onnx').write_bytes(build(model.cfg, weights_of(model), int8).SerializeToString())
    units = sequence(model.cfg, 60)
    want = whole_logits(model, units)
    got = streamed(model.cfg, onnx_step(tmp_path / 'step.onnx', model.cfg.layers), units, [7, 1, 4])
    if int8:
        assert 0 < (got - want).square().mean().sqrt() < 0.05 * want.std()
    else:
        torch.testing.assert_close(got, want, atol=TOLERANCE, rtol=0)


def test_a_unit_sees_no_further_back_than_the_window():
    cfg = UnitLmConfig(1, 64, 4, 16, 128, window_units=24, vocabulary=40)
    model, units = network(cfg), sequence(cfg, 60)
    changed = [(u + 1) % 40 for u in units[:20]] + units[20:]
    a, b = (whole_logits(model, x) for x in (units, changed))
    torch.testing.assert_close(a[44:], b[44:], atol=1e-5, rtol=0)
    assert (a[43] - b[43]).abs().max() > 1e-5


def test_the_future_does_not_change_the_past(model):
    units = sequence(model.cfg, 40)
    a, b = (whole_logits(model, x) for x in (units, units[:25] + sequence(model.cfg, 15)))
    torch.testing.assert_close(a[:25], b[:25], atol=1e-5, rtol=0)


def test_sequences_packed_into_a_row_are_apart(model):
    a, b = sequence(model.cfg, 20), sequence(model.cfg, 33)[::-1]
    rows = torch.tensor([[0] * 20 + [1] * 33])
    with torch.no_grad():
        both = model(torch.tensor([a + b]), causal_bias(model.cfg, rows))[0][0]
    torch.testing.assert_close(both, torch.cat([whole_logits(model, a), whole_logits(model, b)]), atol=1e-5, rtol=0)


@pytest.mark.parametrize('c', [1, 5])
def test_neighbours_change_nothing_bit_for_bit(c):
    model = network(replace(load_config('small').lm, vocabulary=319))
    cfg, rng = model.cfg, np.random.default_rng(0)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # as the runtime has it: two threads cut attention's products by the batch
    session = onnxruntime.InferenceSession(build(cfg, weights_of(model), int8=True).SerializeToString(), options)
    feed = {'unit': rng.integers(0, 319, (64, c)), 'unit_mask': np.ones((64, c), np.float32)}
    feed['past_age'] = np.arange(cfg.window_units, 0, -1, dtype=np.float32) * (rng.random((64, 1)) < 0.8)
    for which in 'kv':
        feed |= {f'past_{which}_{i}': rng.normal(size=(64, cfg.window_units, 64)).astype(np.float32) for i in range(cfg.layers)}
    feed['past_k_0'][1] *= 1000
    feed = {k: v if k == 'unit' else v.astype(np.float32) for k, v in feed.items()}
    whole = session.run(None, feed)
    for rows in ([0], [1], [0, 1], [3, 9, 11], list(range(8)), list(range(5, 37))):
        part = session.run(None, {k: np.ascontiguousarray(v[rows]) for k, v in feed.items()})
        for a, b in zip(whole, part, strict=True):
            assert np.array_equal(a[rows], b)


@pytest.mark.parametrize('size, least, most', [('small', 2.5e6, 3.2e6), ('base', 65e6, 90e6), ('large', 230e6, 310e6)])
def test_every_size_starts_and_steps(size, least, most):
    model = UnitLm(replace(load_config(size).lm, vocabulary=500), dropout=0.1)
    assert least < sum(p.numel() for p in model.parameters()) < most
    row = torch.arange(6)[None]
    model(row, causal_bias(model.cfg, torch.zeros_like(row)))[0].mean().backward()
    assert model.blocks[0].up.weight.grad.abs().max() > 0


def test_a_stream_begins_and_ends_with_the_boundary_and_joins_pauses():
    assert stream(9, [0, 0, 3, 3, 0, 0, 0, 5, 0]) == [9, 0, 3, 3, 0, 5, 0, 9]
    assert stream(9, [], end=False) == [9]


def test_random_models_are_made_alike_and_read_back(tmp_path):
    cfg, book = replace(load_config('tiny').lm, vocabulary=6), PROJECT / 'test/fixtures/tiny/codebook.safetensors'
    for name in ('a', 'b'):
        random_lm(tmp_path / name, cfg, lm_json(cfg, book, 'natural'), [5, 1, 2, 5])
    for path in (tmp_path / 'a').iterdir():
        assert path.read_bytes() == (tmp_path / 'b' / path.name).read_bytes()
    model, config = read_lm(tmp_path / 'a')
    assert config['vocabulary'] == 6 and model.cfg == cfg


@pytest.mark.parametrize('folder', LMS, ids=[f'{f.parents[1].name}-{f.parent.name}' for f in LMS])
def test_published_models_hold_to_the_format(folder):
    model, config = read_lm(folder)
    jsonschema.validate(config, json.loads((PROJECT / 'docs/schema/lm.schema.json').read_text()))
    assert config['codebook'] == hashlib.sha256((folder.parent / 'codebook.safetensors').read_bytes()).hexdigest()
    assert config['vocabulary'] == json.loads((folder.parent / 'config.json').read_text())['units']['merged'] + 2
    W, V = config['windowUnits'], config['kvHeads'] * config['headWidth']
    golden = load_file(folder / 'golden.safetensors')
    units, want = golden['units'].tolist(), torch.from_numpy(golden['logits'])
    assert len(units) > W and units[0] == units[-1] == config['vocabulary'] - 1
    torch.testing.assert_close(whole_logits(model, units), want, atol=TOLERANCE, rtol=0)
    for name, most in (('step', TOLERANCE), ('step_int8', 0.1 * want.std().item())):
        graph = onnx.load(folder / f'{name}.onnx').graph
        inputs = {i.name: [d.dim_param or d.dim_value for d in i.type.tensor_type.shape.dim] for i in graph.input}
        past = {f'past_{which}_{layer}': ['B', W, V] for which in 'kv' for layer in range(config['layers'])}
        assert inputs == {'unit': ['B', 'c'], 'unit_mask': ['B', 'c'], 'past_age': ['B', W], **past}
        got = streamed(model.cfg, onnx_step(folder / f'{name}.onnx', config['layers']), units, [W // 2, 1, 3])
        assert (got - want).square().mean().sqrt() < most
