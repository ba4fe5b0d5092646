"""The masked autoencoder: what is hidden stays hidden, the stream's mask holds, masks are as asked, and a run can be interrupted."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch

from config import load_config
from data.batches import Batches, load_shards
from data.splits import SplitError
from model.encoder import HIDDEN, Encoder, whole_bias
from model.mae import SPAN_TOKENS, MaeConfig, MaskedAutoencoder, bias_at, draw_mask, places, tokens_of
from recipes.label_free.pretrain import load_resumed
from stage.checkpoint import load_mae
from stage.cost import Cost, forward_flop
from tests.helpers import run, spread

CFG = load_config('tiny').encoder


def network(mae: MaeConfig, seed: int = 0) -> MaskedAutoencoder:
    torch.manual_seed(seed)
    model = MaskedAutoencoder(CFG, mae)
    return spread(model).eval()


def test_patches_are_16_frames_by_16_bins_frequency_fastest():
    mel = torch.arange(2 * 32 * 128).float().view(2, 32, 128)
    patches = tokens_of(mel, 'patch')
    assert patches.shape == (2, 16, 256)
    torch.testing.assert_close(patches[1, 8 + 3], mel[1, 16:32, 48:64].flatten())
    with pytest.raises(ValueError, match='multiple of 16'):
        tokens_of(mel[:, :30], 'patch')


@pytest.mark.parametrize('tokens', ['frame', 'patch'])
@pytest.mark.parametrize('mask', ['random', 'chunked', 'span'])
@pytest.mark.parametrize('ratio', [0.5, 0.75])
def test_masks_hide_the_same_number_everywhere(tokens, mask, ratio):
    hidden = draw_mask(MaeConfig(tokens, mask, ratio), np.random.default_rng(0), 5, 200)
    assert hidden.shape == (5, 200) and set(hidden.sum(1)) == {200 - int((1 - ratio) * 200)}
    again = draw_mask(MaeConfig(tokens, mask, ratio), np.random.default_rng(0), 5, 200)
    assert (hidden == again).all()


def runs_of(row: np.ndarray) -> list[int]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
    return list(edges[1::2] - edges[::2])


def test_spans_are_long_and_random_masks_are_not():
    rng = np.random.default_rng(1)
    spans = [n for row in draw_mask(MaeConfig(mask='span', ratio=0.2), rng, 40, 400) for n in runs_of(row)]
    single = [n for row in draw_mask(MaeConfig(ratio=0.2), rng, 40, 400) for n in runs_of(row)]
    assert np.mean(np.array(spans) >= SPAN_TOKENS[0]) > 0.6 and max(spans) <= 2 * SPAN_TOKENS[1]
    assert np.mean(single) < 2


def test_chunked_patches_are_squares_in_time_and_frequency():
    hidden = draw_mask(MaeConfig('patch', 'chunked', 0.1), np.random.default_rng(2), 3, 400)
    assert (hidden[0] == hidden[1]).all()
    grid = hidden[0].reshape(50, 8)
    squares = np.lib.stride_tricks.sliding_window_view(grid, (3, 3)).all((2, 3))
    assert grid.sum() == 40 and 2 <= squares.sum() <= 20  # most of the 40 lie in whole squares, the last one was cut short


def test_settings_that_mean_nothing_are_refused():
    for wrong in ({'tokens': 'words'}, {'mask': 'none'}, {'ratio': 1.0}, {'reconstruct': 0, 'contrast': 0}):
        with pytest.raises(ValueError, match='expected'):
            MaeConfig(**wrong)


@pytest.mark.parametrize('chunk', [None, 8, 16])
@pytest.mark.parametrize('phase', [0, 5])
def test_the_bias_at_all_places_is_the_encoders(chunk, phase):
    at = torch.arange(64)[None]
    torch.testing.assert_close(bias_at(CFG, at, 64, chunk, phase), whole_bias(CFG, torch.ones(1, 64), chunk, phase))


@pytest.mark.parametrize('chunk', [None, 8])
def test_visible_only_equals_the_whole_length_with_hidden_tokens_unseen(chunk):
    model, mel = network(MaeConfig()), torch.randn(3, 128, 128)
    hidden = torch.from_numpy(np.random.default_rng(0).random((3, 64)) < 0.6)  # rows with different numbers of visible tokens
    at = places(~hidden)
    x = model.encoder.embed(tokens_of(mel, 'frame'))
    gathered = torch.cat([x, torch.zeros(3, 1, CFG.width)], 1).gather(1, at[..., None].expand(-1, -1, CFG.width))
    short = model.layers(gathered, bias_at(CFG, at, 64, chunk))[-1]
    unseen = torch.where(hidden, HIDDEN, 0.0)[:, None, None, :]
    long = model.layers(x, whole_bias(CFG, torch.ones(3, 64), chunk) + unseen)[-1]
    for row in range(3):
        n = int((~hidden[row]).sum())
        torch.testing.assert_close(short[row, :n], long[row, at[row, :n]], atol=1e-5, rtol=0)


@pytest.mark.parametrize('mae', [MaeConfig(), MaeConfig('patch', 'chunked'), MaeConfig(masked_encoder=True, decoder_layers=0)], ids=str)
def test_what_is_hidden_is_not_known(mae):
    model, mel = network(mae), torch.randn(2, 128, 128)
    hidden = torch.from_numpy(draw_mask(mae, np.random.default_rng(0), 2, 64))
    tokens = tokens_of(mel, mae.tokens)
    at, said, truth = model.decode(mel, hidden)
    torch.testing.assert_close(truth[1, 0], tokens[1, at[1, 0]])
    secret = torch.zeros_like(mel)
    if mae.tokens == 'frame':
        secret = (hidden[..., None] * torch.randn(2, 64, 256)).view(2, 128, 128)
    else:
        t, f = divmod(int(at[0, 0]), 8)
        secret[:, 16 * t : 16 * t + 16, 16 * f : 16 * f + 16] = 5  # chunked masks are alike in all clips
    _, again, _ = model.decode(mel + secret, hidden)
    torch.testing.assert_close(said, again, atol=1e-5, rtol=0)
    shown = mel + 1
    assert (model.decode(shown, hidden)[1] - said).abs().max() > 1e-2


def test_the_future_does_not_change_what_is_said_of_the_past():
    model, mel = network(MaeConfig()), torch.randn(1, 128, 128)
    hidden = torch.from_numpy(draw_mask(MaeConfig(), np.random.default_rng(3), 1, 64))
    changed = mel.clone()
    changed[:, 64:] += torch.randn(1, 64, 128)  # from token 32 on, the first of a chunk
    (at, a, _), (_, b, _) = (model.decode(x, hidden, chunk=8) for x in (mel, changed))
    past = at[0] < 32
    torch.testing.assert_close(a[0, past], b[0, past], atol=1e-5, rtol=0)
    assert (a[0, ~past] - b[0, ~past]).abs().max() > 1e-3


def test_features_are_those_of_the_streaming_encoder():
    model, mel = network(MaeConfig()), torch.randn(2, 96, 128)
    for chunk in (None, 8):
        want = model.encoder(mel, whole_bias(CFG, torch.ones(2, 48), chunk))['hidden']
        torch.testing.assert_close(model.features(mel, chunk)[-1], want)
    short = model.features(mel, None, torch.tensor([48, 30]))[-1]
    torch.testing.assert_close(short[1, :30], model.features(mel[1:, :60])[-1][0], atol=1e-5, rtol=0)


def test_losses_are_what_they_are_called():
    model, mel = network(MaeConfig()), torch.randn(2, 64, 128)
    hidden = torch.zeros(2, 32, dtype=torch.bool)
    hidden[0, 3:9] = hidden[1, 10:14] = True  # rows with different numbers of hidden tokens
    out = model(mel, hidden)
    at, said, truth = model.decode(mel, hidden)
    assert at[1].tolist() == [10, 11, 12, 13, 32, 32] and (out['mse'][1, 4:] == 0).all() and (out['nce'][1, 4:] == 0).all()
    torch.testing.assert_close(out['mse'][0, 2], (model.reconstruct(said[0, 2]) - truth[0, 2]).square().mean())
    logits = truth[1, :4] @ model.contrast(said[1, 1])
    torch.testing.assert_close(out['nce'][1, 1], -logits.log_softmax(0)[1], atol=1e-4, rtol=1e-4)


def test_the_shallow_decoder_costs_less_than_the_whole_length():
    small = load_config('small').encoder
    inside = forward_flop(small, 125, 125) + forward_flop(small, 500, 500, 2)
    assert 0.35 < inside / (forward_flop(small, 500, 500) + forward_flop(small, 500, 500, 2)) < 0.42
    matrices = sum(p.numel() for n, p in Encoder(small).blocks.named_parameters() if p.ndim == 2)
    assert forward_flop(small, 1, 0) == 2 * matrices


def test_cost_adds_up_over_a_resume():
    cost = Cost()
    cost.add(1e9, 3600)
    again = Cost.of(cost.state())
    again.add(1e9, 1800)
    assert again.flop == 2e9 and again.speech_hours == 1.5 and again.hours >= cost.hours
    assert '1.5 h of speech' in str(again)


def test_recordings_need_no_times(recordings):
    rows = [json.loads(line) for line in (recordings / 'tones/utterances.jsonl').open()]
    assert {r['speaker'] for r in rows} == {'s0', 's1'} and all(r['syllables'] == [] for r in rows)
    assert not load_shards(recordings) and len(us := load_shards(recordings, timed=False)) == 8
    batches = Batches(us, -5.0, 4.0, seed=3)
    mel = batches.audio(4, 3, 120)  # longer than a recording: rows are filled up
    assert mel.shape == (3, 240, 128) and (mel == batches.audio(4, 3, 120)).all() and np.abs(mel[:, -20:]).max() > 0


def test_the_voices_of_the_evaluation_pack_are_refused(tmp_path):
    (tmp_path / 'in').mkdir()
    soundfile.write(tmp_path / 'in/a.wav', np.random.default_rng(0).normal(0, 0.1, 16_000), 16_000)
    with pytest.raises(SplitError, match='must never train'):
        run('data.untimed', '--runs', tmp_path, '--folder', tmp_path / 'in', '--name', 'asterisk-it')


@pytest.mark.parametrize('options', [(), ('--tokens', 'patch'), ('--masked-encoder', '--mask', 'span')], ids=' '.join)
def test_an_interrupted_run_goes_on_with_the_same_losses(recordings, tmp_path, options):
    options = ('--config', 'tiny', '--data', recordings, '--device', 'cpu', '--dev-every', 1000, *options)
    whole = run('recipes.label_free.pretrain', '--run', tmp_path / 'whole', '--steps', 12, *options)
    run('recipes.label_free.pretrain', '--run', tmp_path / 'parts', '--steps', 8, *options)
    run('recipes.label_free.pretrain', '--run', tmp_path / 'parts', '--steps', 12, '--resume', *options)
    a, b = (load_mae(tmp_path / name / 'pretrain.pt') for name in ('whole', 'parts'))
    assert a[2]['step'] == b[2]['step'] == 12 and a[1] == b[1]
    for name, value in a[0].state_dict().items():
        torch.testing.assert_close(value, b[0].state_dict()[name], atol=1e-4, rtol=0)
    assert b[2]['cost']['speech_hours'] == pytest.approx(a[2]['cost']['speech_hours']) and 'h of speech seen' in whole
    other = replace(MaeConfig(**a[2]['mae']), ratio=0.5)
    with pytest.raises(ValueError, match='expected the masking'):
        load_resumed(tmp_path / 'whole/pretrain.pt', CFG, other)


def test_a_network_goes_on_with_another_masking(recordings, tmp_path):
    options = ('--config', 'tiny', '--data', recordings, '--device', 'cpu', '--dev-every', 1000)
    run('recipes.label_free.pretrain', '--run', tmp_path / 'random', '--steps', 3, *options)
    first = tmp_path / 'random/pretrain.pt'
    span = (*options, '--run', tmp_path / 'span', '--init', first, '--mask', 'span')
    run('recipes.label_free.pretrain', '--steps', 1, '--lr', 1e-9, *span)
    (a, mel, _), (b, same, state) = load_mae(first), load_mae(tmp_path / 'span/pretrain.pt')
    assert mel == same and b.mae.mask == 'span' and state['step'] == 1
    for name, value in a.state_dict().items():
        torch.testing.assert_close(value, b.state_dict()[name], atol=1e-2, rtol=0)
    run('recipes.label_free.pretrain', '--steps', 2, '--resume', *span)
    with pytest.raises(ValueError, match='expected tokens = patch, got frame'):
        run('recipes.label_free.pretrain', '--tokens', 'patch', '--steps', 1, '--run', tmp_path / 'patch', '--init', first, *options)


def test_it_learns(recordings, tmp_path):
    options = ('--config', 'tiny', '--data', recordings, '--steps', 150, '--device', 'cpu', '--dev-every', 1000)
    log = run('recipes.label_free.pretrain', '--run', tmp_path, *options)
    losses = [float(v) for v in re.findall(r'mse ([\d.]+)', log)]
    assert losses[-1] < 0.9 * losses[0], log


def test_a_loss_that_is_no_number_stops_the_run(recordings, tmp_path):
    options = ('--config', 'tiny', '--data', recordings, '--run', tmp_path, '--steps', 30, '--lr', '1e30', '--device', 'cpu')
    with pytest.raises(FloatingPointError, match='expected a finite loss'):
        run('recipes.label_free.pretrain', *options)
