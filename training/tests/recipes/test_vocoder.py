"""Frames and back, places of frames in units, and the exported graph against the network."""

import numpy as np
import pytest
import torch

from model.engine import onnxruntime
from recipes.vocoder.corpus import PAUSE_EDGE, neighbours, spoken
from recipes.vocoder.export import build, finished
from recipes.vocoder.frames import APERIODICITY, ENVELOPE, HOP, WIDTH, analyse
from recipes.vocoder.model import Vocoder, VocoderConfig
from recipes.vocoder.synthesis import synthesise, white
from recipes.vocoder.train import batch_of


def test_synthesis_of_white_noise_is_white_and_keeps_its_level():
    frames = np.zeros((100, WIDTH))
    samples = synthesise(frames)
    assert len(samples) == 99 * HOP
    assert np.std(white(0, 100_000)) == pytest.approx(1, abs=0.01)
    assert 0.7 < np.std(samples[HOP:-HOP]) < 1.05


def test_analysis_finds_the_pitch_that_the_synthesis_was_given():
    frames = np.zeros((150, WIDTH))
    frames[:, 0], frames[:, 1], frames[:, ENVELOPE], frames[:, APERIODICITY] = np.log(140), 1, -6 - np.linspace(0, 4, 60), 0.05
    found = analyse(synthesise(frames))[30:120]
    assert (found[:, 1] > 0.5).mean() > 0.95
    assert np.median(np.exp(found[:, 0])) == pytest.approx(140, rel=0.01)
    assert np.abs(found[:, ENVELOPE] - frames[0, ENVELOPE])[:, 5:55].mean() < 0.8


def test_every_frame_belongs_to_the_unit_that_it_lies_in():
    units = [[1, 0, 480, 5], [0, 480, 480 + 320 * 60, 0], [2, 480 + 320 * 60, 480 + 320 * 70, 7]]
    frames = np.zeros((3 + 120 + 20 + 5, WIDTH), np.float16)
    got = spoken(units, frames, 0, 9)
    assert got.unit.tolist() == [[9, 9, 1, 0], [9, 1, 0, 2], [1, 0, 2, 9]]
    assert got.fine.tolist() == [[0, 0, 5, 0], [0, 5, 0, 7], [5, 0, 7, 0]]
    assert got.length[1].tolist() == [0, 1.5, 60, 10]
    assert [int((got.row == k).sum()) for k in range(3)] == [3, 2 * PAUSE_EDGE + 1, 20]
    assert got.place[got.row == 2].tolist() == list(range(20))


def test_batches_say_which_frames_follow_each_other():
    one = spoken([[1, 0, 960, 3], [2, 960, 1920, 4]], np.zeros((12, WIDTH), np.float16), 0, 9)
    follows = batch_of([one, one], 9, None)['follows'].tolist()
    assert [k for k, f in enumerate(follows) if not f] == [0, 12]


def test_what_is_known_no_finer_is_part_of_training():
    utterances = [spoken([[1, 0, 960, 3], [2, 960, 1920, 4]], np.zeros((12, WIDTH), np.float16), 0, 9) for _ in range(200)]
    fine = batch_of(utterances, 9, np.random.default_rng(0))['fine'].view(200, 2, 4)
    assert 0.6 < float((fine.amax((1, 2)) > 0).float().mean()) < 0.8
    assert int(utterances[0].fine.max()) == 4  # the corpus itself stays


@pytest.mark.parametrize('finer', [0, 12])
def test_the_graph_gives_what_the_network_gives(finer):
    torch.manual_seed(1)
    model = Vocoder(VocoderConfig(10, 3, finer, embedding=8, voice=4, width=24)).eval()
    torch.nn.init.normal_(model.fine.weight[1:])
    model.scale.uniform_(0.5, 2)
    model.mean[:, 0] = 5
    session = onnxruntime.InferenceSession(build(model).SerializeToString())
    unit, fine, length = neighbours([3, 0, 7], [finer, 0, finer // 2], [6.0, 80.0, 4.5], 9)
    place = np.arange(9, dtype=np.float32)
    told = {'unit': unit[2], **({'fine': fine[2]} if finer else {}), 'length': length[2], 'voice': np.array([2]), 'place': place}
    found = session.run(None, told)[0]
    rows, voice = torch.zeros(9, dtype=torch.int64), torch.tensor([2])
    with torch.no_grad():
        raw = model(*(torch.from_numpy(x[2:]) for x in (unit, fine, length)), voice, rows, torch.from_numpy(place))
        expected = finished(model, raw, voice[rows])
    assert found.shape == (9, WIDTH)
    assert np.abs(found - expected.numpy()).max() < 0.02
