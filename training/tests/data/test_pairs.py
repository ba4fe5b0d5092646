"""The same speech twice: segments meet their labels on both grids, and what is taught from them is what will be named."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from safetensors.numpy import load_file

from config import load_config
from data.batches import load_shards
from data.mel import frames_at, log_mel, read_audio
from data.pairs import Pairs, common_syllables
from data.places import PROJECT
from data.shards import write_shard
from measure.same_word import edit_distance
from model.encoder import Encoder, EncoderConfig, stem_windows
from recipes.paired.lesson import Lesson, later, lesson
from recipes.paired.steady import Student, widened
from segment import segmenter
from stage.checkpoint import load_checkpoint
from stage.pooled import jittered_vectors, segment_means
from tests.helpers import run, spread

TINY = PROJECT / 'test/fixtures/tiny'


@pytest.fixture(scope='module')
def shards(tmp_path_factory) -> Path:
    """Tones of 0.2 s, four of them one after another, named by their pitch, 12 utterances."""
    folder, rng = tmp_path_factory.mktemp('pairs'), np.random.default_rng(0)
    items = []
    for k in range(12):
        names = rng.integers(1, 4, 8)
        tones = [np.sin(np.arange(3200) * 0.05 * n) * np.hanning(3200) for n in names]
        sound = np.concatenate([np.zeros(1600), *tones, np.zeros(1600)]) * 0.3 + rng.normal(0, 1e-3, 3200 + 8 * 3200)
        soundfile.write(folder / f'{k}.wav', sound, 16_000)
        syllables = [[round(0.1 + 0.2 * i, 3), round(0.3 + 0.2 * i, 3), 'abc'[n - 1]] for i, n in enumerate(names)]
        row = {'id': str(k), 'corpus': 'tones', 'speaker': 's', 'split': 'dev' if k % 6 == 5 else 'train', 'path': str(folder / f'{k}.wav')}
        items.append(row | {'text': '', 'syllables': syllables, 'phones': [[1, 0.1, 1.7]], 'weak': [], 'words': []})
    write_shard(folder / 'data/tones', items)
    return folder / 'data'


def test_frames_lie_where_they_are_asked_for():
    x = read_audio(TINY / 'golden/speech.wav')
    whole = log_mel(x).numpy()
    np.testing.assert_allclose(frames_at(x, np.arange(len(whole)) * 160), whole, atol=2e-3)
    np.testing.assert_allclose(frames_at(x, np.arange(50) * 160 + 37), log_mel(x[37:]).numpy()[:50], atol=2e-3)


def test_segments_follow_the_labels_on_the_grid_of_each(shards):
    utterances = load_shards(shards, ['tones'])
    classes = common_syllables(utterances, 10)
    assert sorted(classes) == ['a', 'b', 'c']
    pairs = Pairs(utterances, classes, -8.0, 4.0)
    seen = 0
    for step in range(6):
        batch = pairs.batch(step, 4, 70, 1)
        assert batch['mel'].shape == batch['clean'].shape == (4, 140, 128) and not np.array_equal(batch['mel'], batch['clean'])
        for row in range(4):
            ids, clean, n = batch['segment'][row], batch['clean_segment'][row], batch['lengths'][row]
            assert set(ids[ids >= 0]) == set(clean[clean >= 0])
            for k in set(ids[ids >= 0]):
                a, b = np.flatnonzero(ids == k)[[0, -1]]
                assert np.abs(np.flatnonzero(clean == k)[[0, -1]] - [a, b]).max() <= 2  # up to 1.3 tokens apart
                if batch['classes'][row, k] >= 0 and 0 < a and b + 2 < n:
                    near = batch['boundary'][row, a - 1 : a + 2], batch['boundary'][row, b : b + 3]
                    assert all(part.any() for part in near)
                    seen += 1
    assert seen > 40


def test_means_are_of_inner_tokens():
    tokens, ids = torch.arange(20.0).view(1, 10, 2), torch.tensor([[-1, 0, 0, 0, 0, 1, 1, 2, 2, 2]])
    mean, length = segment_means(tokens, ids, 4)
    assert length[0].tolist() == [4, 2, 3, 0]
    np.testing.assert_allclose(mean[0, :3, 0], [5, 11, 16])  # tokens 2 and 3; 5 and 6; 8


class Still:
    """Draws that move nothing."""

    def choice(self, values, size, p):
        return np.zeros(size, np.int64)


def test_what_is_taught_is_what_will_be_named():
    torch.manual_seed(0)
    features, ids = torch.randn(1, 12, 16), torch.tensor([[-1, -1, 0, 0, 0, 0, 1, 1, 2, 2, 2, -1]])
    vectors, (row, k) = jittered_vectors(features, ids, torch.tensor([[True, False, True, True]]), Still())
    want = segmenter.segment_vectors(features[0].numpy(), np.array([0, 2, 6, 8, 11, 12]), 1)[[1, 3]]
    np.testing.assert_allclose(vectors.numpy(), want, atol=1e-5)
    assert (row.tolist(), k.tolist()) == ([0, 0], [0, 2])  # the fourth has no token


def test_a_later_grid_reads_between_tokens():
    p = torch.tensor([[0.0, 1.0, 0.0, 0.5]])
    torch.testing.assert_close(later(p, torch.full((1, 4), 0.25)), torch.tensor([[0.25, 0.75, 0.125, 0.375]]))
    torch.testing.assert_close(later(p, torch.full((1, 4), 1.0)), torch.tensor([[1.0, 0.0, 0.5, 0.0]]))


def test_who_teaches_itself_hears_no_more_than_it_does_live(shards):
    """A causal teacher's lesson on the first segments does not change with what comes later; the names are probabilities, sharpened."""
    torch.manual_seed(1)
    utterances = load_shards(shards, ['tones'])
    pairs = Pairs(utterances, common_syllables(utterances, 10), -8.0, 4.0)
    student, teacher = Student(spread(Encoder(load_config('tiny_causal').encoder)), 3), spread(Encoder(load_config('tiny').encoder))
    batch = {name: torch.from_numpy(value) for name, value in pairs.batch(0, 4, 70, 1).items()}
    with_names = lesson(teacher, batch, False, student.encoder, student.names)
    changed = batch | {'clean': torch.cat([batch['clean'][:, :100], batch['clean'][:, 100:] + 3], 1)}
    other = lesson(teacher, changed, False, student.encoder, student.names)
    first = batch['clean_segment'][:, : 50 - student.encoder.cfg.delay_tokens].amax(1) - 1  # the last segment that is whole before the change
    assert first.min() >= 0
    for row, k in enumerate(first.tolist()):
        torch.testing.assert_close(with_names.names[row, : k + 1], other.names[row, : k + 1], atol=1e-5, rtol=0)
    torch.testing.assert_close(with_names.names.sum(-1), torch.ones(with_names.names.shape[:2]))
    alone = lesson(teacher, batch, False)
    assert isinstance(with_names, Lesson) and alone.names is None
    torch.testing.assert_close(with_names.boundary, alone.boundary)
    assert (with_names.features - alone.features).abs().max() > 0.1


def test_a_widened_network_hears_what_it_heard():
    cfg = {'layers': 1, 'width': 32, 'heads': 2, 'head_width': 16, 'ffn_width': 64, 'feature_width': 16}
    old = spread(Encoder(EncoderConfig(**cfg)))
    new = Encoder(EncoderConfig(**cfg, causal=True, stem_frames=8, delay_tokens=6))
    widened(new, old)
    mel = torch.randn(1, 46, 128)
    with torch.no_grad():
        a, b = old.embed(stem_windows(old.cfg, mel[:, 6:])), new.embed(stem_windows(new.cfg, mel))
    torch.testing.assert_close(b[:, 2:], a[:, :-2], atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match='expected stem_frames'):
        widened(Encoder(EncoderConfig(**cfg, causal=True, delay_tokens=6)), old)


def test_edits_are_levenshteins():
    assert [edit_distance(np.array(a), np.array(b)) for a, b in (([1, 2, 3], [1, 3]), ([1, 2], [2, 1]), ([], [4, 4]), ([7], [7]))] == [1, 2, 2, 0]


def test_a_run_learns_and_goes_on(shards, tmp_path):
    options = ['--config', 'tiny', '--init', TINY, '--data', shards, '--run', tmp_path, '--corpora', 'tones', '--dev-every', 12]
    log = run('recipes.paired.steady', *options, '--steps', 12)
    assert 'step 12 of 12' in log and 'edits of' in log and ' same ' not in log
    log = run('recipes.paired.steady', *options, '--steps', 16, '--decay', 4, '--own', 12, '--resume')
    assert 'step 16 of 16' in log and ' same ' in log
    state = load_checkpoint(tmp_path / 'steady.pt', load_config('tiny').encoder)
    assert state['step'] == 16 and json.dumps(state['classes'])
    options = ['--config', 'tiny', '--run', tmp_path, '--stage', 'steady', '--data', shards, '--corpora', 'tones']
    run('recipes.labelled.quantize', *options, '--phases', 2, '--pairs', 2)
    run('bundle.export', *options, '--clip', TINY / 'golden/speech.wav', '--out', tmp_path / 'bundle')
    codebook, names = load_file(tmp_path / 'bundle/codebook.safetensors'), state['student_average']
    np.testing.assert_allclose(codebook['centroids'], names['names.prototypes'], rtol=1e-3, atol=1e-4)
    assert codebook['units'].shape == (3,) and codebook['projection.0.weight'].shape == names['names.projection.0.weight'].shape
    assert json.loads((tmp_path / 'bundle/manifest.json').read_text())['metrics']['steps'] == {'steady': 16}
