"""The network's laws: chunked = whole, the future does not change the past, PyTorch = ONNX, neighbours change nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from bundle.onnx_graph import bounded, build, flat_weights, unflatten_weights
from bundle.read import onnx_step
from config import load_config
from model.encoder import Encoder, EncoderConfig, Streamer, encode, torch_step, whole_bias
from model.engine import onnxruntime
from tests.helpers import spread

WIDE = EncoderConfig(layers=3, width=64, ffn_width=128, feature_width=48, window_tokens=24)
CAUSAL = replace(WIDE, causal=True, stem_frames=8, delay_tokens=6)
PHASES = replace(CAUSAL, phases=2)
CONFIGS = {'tiny': load_config('tiny').encoder, 'wide': WIDE, 'causal': CAUSAL, 'phases': PHASES, 'wide phases': replace(WIDE, phases=2)}
TOLERANCE = 1e-4


def network(cfg: EncoderConfig, seed: int = 0) -> Encoder:
    torch.manual_seed(seed)
    model = Encoder(cfg)
    return spread(model).eval()


def weights_of(model: Encoder) -> dict[str, np.ndarray]:
    return flat_weights(model.cfg, {k: v.detach().numpy() for k, v in model.state_dict().items()})


@pytest.fixture(params=CONFIGS, ids=list(CONFIGS))
def model(request) -> Encoder:
    return network(CONFIGS[request.param])


@pytest.mark.parametrize('tokens', [1, 7, 8, 63, 64, 101])
def test_chunked_equals_whole(model, tokens):
    mel = torch.randn(2 * tokens, 128)
    whole, streamed = encode(model, mel, model.cfg.chunk_tokens), Streamer(model.cfg, torch_step(model)).run(mel)
    for name, value in streamed.items():
        assert value.shape[0] == tokens
        torch.testing.assert_close(value, whole[name], atol=TOLERANCE, rtol=0)


def test_the_future_does_not_change_the_past(model):
    mel = torch.randn(160, 128)
    changed = mel.clone()
    changed[112:] += torch.randn(48, 128)  # from token 56 on, the first of a chunk
    a, b = (encode(model, x, model.cfg.chunk_tokens) for x in (mel, changed))
    before = 56 - model.cfg.delay_tokens
    for name in a:
        torch.testing.assert_close(a[name][:before], b[name][:before], atol=1e-5, rtol=0)
        assert (a[name][56:] - b[name][56:]).abs().max() > 1e-3


def test_a_token_sees_no_further_back_than_the_window():
    cfg = EncoderConfig(layers=1, width=64, ffn_width=128, feature_width=48, window_tokens=16)
    model, mel = network(cfg), torch.randn(160, 128)
    changed = mel.clone()
    changed[:64] += 1  # tokens 0 to 31
    a, b = (encode(model, x, cfg.chunk_tokens)['features'] for x in (mel, changed))
    first = 48 - cfg.delay_tokens  # token 48 starts a chunk that sees tokens 32 on
    torch.testing.assert_close(a[first:], b[first:], atol=1e-5, rtol=0)
    assert (a[first - 1] - b[first - 1]).abs().max() > 1e-3


def test_a_causal_network_knows_no_grid():
    model, mel = network(CAUSAL), torch.randn(160, 128)
    streamed = [Streamer(replace(CAUSAL, chunk_tokens=c), torch_step(model)).run(mel)['features'] for c in (1, 3, 8, 24)]
    for other in streamed[1:]:
        torch.testing.assert_close(streamed[0], other, atol=TOLERANCE, rtol=0)
    # what began earlier says the same once the start lies beyond all windows
    late = encode(model, mel[10:], 8)['features']
    field = 3 * 24 + 8
    torch.testing.assert_close(late[field:], streamed[0][5 + field :], atol=TOLERANCE, rtol=0)


def test_two_phases_are_the_mean_of_two_grids():
    two = network(PHASES)
    one = Encoder(CAUSAL)
    one.load_state_dict(two.state_dict())
    mel = torch.randn(160, 128)
    later = torch.cat([torch.zeros(1, 128), mel[:-1]])  # on a grid that is half a token earlier
    got, a, b = encode(two, mel, 8), encode(one, mel, 8), encode(one, later, 8)
    for name, value in got.items():
        torch.testing.assert_close(value[:70], ((a[name] + b[name]) / 2)[:70], atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize(('wrong', 'says'), [({'stem_frames': 7}, 'expected stem_frames of 2'), ({'phases': 3}, 'expected phases 1 or 2')])
def test_sizes_that_do_not_fit_are_said(wrong, says):
    with pytest.raises(ValueError, match=says):
        EncoderConfig(**wrong)


def test_masked_tokens_change_nothing(model):
    cfg, mel = model.cfg, torch.randn(1, 60 + model.cfg.frames_before, 128)
    mask = torch.ones(1, 30)
    mask[:, 20:] = 0
    loud = mel.clone()
    loud[:, 40 + cfg.frames_before :] *= 50
    a, b = (model(x, whole_bias(cfg, mask, cfg.chunk_tokens))['features'][:, :20] for x in (mel, loud))
    assert torch.equal(a, b)


def test_a_shifted_grid_equals_earlier_tokens_being_there():
    model = network(WIDE)
    cfg, mel = model.cfg, torch.randn(1, 80, 128)
    mask = torch.ones(1, 40)
    seen = whole_bias(cfg, mask, 8, phase=3) > -1e8
    chunk = (torch.arange(40) + 3) // 8
    later = chunk[None, :] > chunk[:, None]
    rows = seen[0, 0].view(40, cfg.heads, 40)[:, 0]
    assert not (rows & later).any() and rows[later.logical_not() & (chunk[:, None] - chunk[None, :] <= 1)].all()
    assert model(mel, whole_bias(cfg, mask, 8, 3))['features'].isfinite().all()


def test_weights_survive_the_round_trip(model):
    state = unflatten_weights(model.cfg, weights_of(model))
    for name, value in state.items():
        np.testing.assert_allclose(value, model.state_dict()[name].numpy(), rtol=1e-6)


def test_onnx_step_equals_pytorch(model, tmp_path):
    path = tmp_path / 'step.onnx'
    path.write_bytes(build(model.cfg, weights_of(model), 'step').SerializeToString())
    mel = torch.randn(150, 128)
    a = encode(model, mel, model.cfg.chunk_tokens)
    b = Streamer(model.cfg, onnx_step(path, model.cfg.caches)).run(mel)
    assert set(b) == {'features', 'boundary', 'speech'}
    for name, value in b.items():
        torch.testing.assert_close(value, a[name], atol=TOLERANCE, rtol=0)


def test_int8_step_is_near_pytorch(model, tmp_path):
    path = tmp_path / 'step.onnx'
    path.write_bytes(build(model.cfg, weights_of(model), 'step', int8=True).SerializeToString())
    mel = torch.randn(150, 128)
    a = encode(model, mel, model.cfg.chunk_tokens)['features']
    b = Streamer(model.cfg, onnx_step(path, model.cfg.caches)).run(mel)['features']
    assert 0 < (a - b).square().mean().sqrt() < 0.05 * a.std()


def test_onnx_window_equals_pytorch(model):
    cfg = model.cfg
    session = onnxruntime.InferenceSession(build(cfg, weights_of(model), 'window').SerializeToString())
    mel, mask = torch.randn(2, 120 + cfg.frames_before, 128), torch.ones(2, 60)
    mask[1, 43:] = 0
    got = dict(zip(['features', 'boundary', 'speech'], session.run(None, {'mel': mel.numpy(), 'token_mask': mask.numpy()}), strict=True))
    with torch.no_grad():
        want = model(mel, whole_bias(cfg, mask, cfg.chunk_tokens))
    for name, value in got.items():
        np.testing.assert_allclose(value, want[name].numpy(), atol=TOLERANCE)


@pytest.mark.parametrize('int8', [False, True], ids=['fp32', 'int8'])
def test_neighbours_change_nothing_bit_for_bit(int8):
    model = network(load_config('small').encoder)
    cfg, rng = model.cfg, np.random.default_rng(0)
    session = onnxruntime.InferenceSession(build(cfg, weights_of(model), 'step', int8).SerializeToString())

    def feed(rows: int) -> dict[str, np.ndarray]:
        shapes = {i.name: [rows if d == 'B' else 16 if d == 'frames' else 8 if d == 'c' else d for d in i.shape] for i in session.get_inputs()}
        return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}

    x = feed(17)
    x['token_mask'][:] = 1
    x['past_age'][:] = np.arange(cfg.window_tokens, 0, -1)
    x['mel'][1] *= 1000  # a loud neighbour
    x['mel'][2] = 0  # a silent one
    whole = session.run(None, x)
    for rows in ([0], [0, 1], [0, 2, 5], [0, 3, 4, 5, 6, 7, 8, 9]):
        part = session.run(None, {k: np.ascontiguousarray(v[rows]) for k, v in x.items()})
        for a, b in zip(whole, part, strict=True):
            assert np.array_equal(a[rows], b)


def test_base_starts_and_steps():
    cfg = load_config('base').encoder
    model = Encoder(cfg)
    assert 65e6 < sum(p.numel() for p in model.parameters()) < 100e6
    out = model(torch.randn(1, 16, 128), whole_bias(cfg, torch.ones(1, 8), 8))
    out['boundary'].mean().backward()
    assert model.blocks[0].up.weight.grad.abs().max() > 0


def test_neighbouring_int8_weights_never_overflow_sixteen_bits():
    w = np.random.default_rng(0).normal(0, 1, (65, 40)).astype(np.float32)
    w[10:12, 3] = 4.0  # two neighbours that would be 127 each
    q, scale = bounded(w)
    pairs = np.abs(np.pad(q.astype(int), ((0, 1), (0, 0)))).reshape(33, 2, 40).sum(1)
    assert pairs.max() <= 128
    assert np.abs(q * scale - w).max() <= scale.max() / 2 * 1.001


def test_the_fast_product_is_the_exact_one(tmp_path):
    model = network(CAUSAL)
    with torch.no_grad():
        for block in model.blocks:  # weights and inputs of one sign: what overflows first
            block.up.weight.abs_()
            block.norm2.bias.fill_(3.0)
    (tmp_path / 'step.onnx').write_bytes(build(CAUSAL, weights_of(model), 'step', int8=True).SerializeToString())
    outs = []
    for exact in '01':
        options = onnxruntime.SessionOptions()
        options.add_session_config_entry('session.x64quantprecision', exact)
        session = onnxruntime.InferenceSession(str(tmp_path / 'step.onnx'), options)
        rng = np.random.default_rng(1)
        feed = {
            i.name: rng.normal(0, 1, [{'B': 2, 'c': 8, 'frames': 22}.get(d, d) for d in i.shape]).astype(np.float32) for i in session.get_inputs()
        }
        feed |= {'token_mask': np.ones((2, 8), np.float32), 'past_age': np.zeros_like(feed['past_age'])}
        outs.append(session.run(['features'], feed)[0])
    np.testing.assert_array_equal(*outs)
