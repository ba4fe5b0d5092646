"""The loops: an interrupted run goes on as if nothing had happened; the stages' arithmetic; wrong checkpoints are refused."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from config import load_config
from data.batches import Batches, load_shards
from data.places import PROJECT, TRAINING
from model.encoder import Encoder
from recipes.labelled.sylboost import segment_targets, segments_of
from recipes.labelled.timed import start_from
from segment.matching import boundary_scores, matches
from stage.checkpoint import load_checkpoint
from stage.loop import schedule
from tests.helpers import command, run_apart

TINY = PROJECT / 'test/fixtures/tiny'


@pytest.fixture(scope='module')
def shards(tmp_path_factory) -> Path:
    """A made-up corpus: bursts of two colours with pauses, 24 utterances."""
    folder, rng = tmp_path_factory.mktemp('data'), np.random.default_rng(0)
    (folder / 'bursts').mkdir()
    mels, rows, first = [], [], 0
    for k in range(24):
        mel = rng.normal(-12, 0.5, (260, 128))
        syllables, phones, t = [], [], 0.2
        while t < 2.2:
            d = float(rng.uniform(0.15, 0.35))
            mel[int(t * 100) : int((t + d) * 100), 10 : 60 if len(syllables) % 2 else 110] += 6
            syllables.append([round(t, 3), round(t + d, 3), 'ab'[len(syllables) % 2]])
            phones.append([1 + len(syllables) % 2, t, t + d])
            t += d if rng.random() < 0.7 else d + 0.2
        mels.append(mel.astype(np.float16))
        row = {'id': f'b{k}', 'corpus': 'bursts', 'speaker': f's{k % 3}', 'split': 'dev' if k % 6 == 0 else 'train', 'text': ''}
        rows.append(row | {'syllables': syllables, 'phones': phones, 'weak': [], 'first': first, 'frames': 260})
        first += 260
    np.save(folder / 'bursts/mel.npy', np.concatenate(mels))
    (folder / 'bursts/utterances.jsonl').write_text(''.join(json.dumps(r) + '\n' for r in rows))
    return folder


def run(module: str, *options: object) -> str:
    out = run_apart(module, '--config', 'tiny', *options)
    assert out.returncode == 0, out.stdout + out.stderr
    return out.stdout


def last_loss(log: str) -> float:
    return float(re.findall(r'boundary ([\d.]+)', log)[-1])


def assert_same_weights(folder: Path, checkpoint: str) -> None:
    """The runs `whole` and `parts` in a folder ended at the same step with the same weights."""
    a, b = (torch.load(folder / name / checkpoint, weights_only=True) for name in ('whole', 'parts'))
    assert a['step'] == b['step']
    for name, value in a['model'].items():
        torch.testing.assert_close(value, b['model'][name], atol=1e-3, rtol=0)


@pytest.mark.parametrize('stage', ['timed', 'sylboost'])
def test_an_interrupted_run_goes_on_with_the_same_losses(shards, tmp_path, stage):
    options = ('--data', shards, '--dev-every', 1000, '--device', 'cpu')
    if stage == 'sylboost':
        run('recipes.labelled.timed', '--run', tmp_path / 'whole', '--steps', 5, *options)
        shutil.copytree(tmp_path / 'whole', tmp_path / 'parts')
    whole = run(f'recipes.labelled.{stage}', '--run', tmp_path / 'whole', '--steps', 52, *options)
    run(f'recipes.labelled.{stage}', '--run', tmp_path / 'parts', '--steps', 50, *options)
    resumed = run(f'recipes.labelled.{stage}', '--run', tmp_path / 'parts', '--steps', 52, '--resume', *options)
    assert_same_weights(tmp_path, f'{stage}.pt')
    assert abs(last_loss(whole) - last_loss(resumed)) < 1e-3


def test_a_run_that_is_told_to_stop_saves_and_goes_on(shards, tmp_path):
    options = ('--data', str(shards), '--dev-every', '10000', '--device', 'cpu')
    endless = command('recipes.labelled.timed', '--config', 'tiny', '--run', tmp_path / 'parts', '--steps', 10000, *options)
    with subprocess.Popen(endless, cwd=TRAINING, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line.startswith('step 50 '):
                process.terminate()
                break
        rest = process.stdout.read()
    assert process.returncode == 0 and '--resume goes on from here' in rest
    stopped = torch.load(tmp_path / 'parts/timed.pt', weights_only=True)['step']
    assert 50 <= stopped < 10_000
    run('recipes.labelled.timed', '--run', tmp_path / 'parts', '--steps', stopped + 3, '--resume', *options)
    run('recipes.labelled.timed', '--run', tmp_path / 'whole', '--steps', stopped + 3, *options)
    assert_same_weights(tmp_path, 'timed.pt')


@pytest.mark.parametrize(
    ('spoil', 'message'),
    [
        (lambda row: row.pop('split'), 'expected the columns id, corpus, .* missing: split'),
        (lambda row: row.update(frames=10**6), r'expected frames up to \d+, mel.npy holds 6240'),
    ],
)
def test_a_shard_with_a_bad_row_is_named(shards, tmp_path, spoil, message):
    shutil.copytree(shards, tmp_path / 'data')
    path = tmp_path / 'data/bursts/utterances.jsonl'
    rows = [json.loads(line) for line in path.open()]
    spoil(rows[2])
    path.write_text(''.join(json.dumps(row) + '\n' for row in rows))
    with pytest.raises(ValueError, match='utterances.jsonl line 3: ' + message):
        load_shards(tmp_path / 'data')
    path.write_text('{"id": \n')
    with pytest.raises(ValueError, match='line 1: expected a JSON object'):
        load_shards(tmp_path / 'data')


def test_weights_of_an_unknown_corpus_are_refused(shards):
    with pytest.raises(ValueError, match='expected corpora among .*bursts.*, got kathlen'):
        Batches(load_shards(shards), -8, 3, weights={'kathlen': 2})


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path):
    (tmp_path / 'x.pt').write_bytes(b'no checkpoint at all')
    with pytest.raises(ValueError, match='expected a checkpoint, cannot read its 20 bytes'):
        load_checkpoint(tmp_path / 'x.pt', load_config('tiny').encoder)
    torch.save({'encoder': load_config('tiny').encoder.to_dict(), 'step': 3}, tmp_path / 'y.pt')
    with pytest.raises(ValueError, match='average, mel, model, optimizers missing'):
        load_checkpoint(tmp_path / 'y.pt', load_config('tiny').encoder)


def test_a_checkpoint_of_another_size_is_refused(tmp_path):
    torch.save({'encoder': load_config('tiny').encoder.to_dict()}, tmp_path / 'x.pt')
    with pytest.raises(ValueError, match='expected the encoder'):
        load_checkpoint(tmp_path / 'x.pt', load_config('small').encoder)
    with pytest.raises(FileNotFoundError, match='expected a checkpoint'):
        load_checkpoint(tmp_path / 'y.pt', load_config('small').encoder)
    with pytest.raises(ValueError, match='expected the encoder'):
        start_from(Encoder(load_config('small').encoder), TINY)


def test_a_bundle_can_be_trained_on():
    model = Encoder(load_config('tiny').encoder)
    before = model.embed.weight.clone()
    mean, std = start_from(model, TINY)
    assert not torch.equal(before, model.embed.weight) and std > 0 and -20 < mean < 0


def test_an_unknown_config_is_named():
    with pytest.raises(ValueError, match='tiny, tiny_causal, mini, small, steady, base'):
        load_config('huge')


def test_schedule_warms_up_stays_and_decays():
    assert schedule(0, 1000, 100, 200) == pytest.approx(0.01)
    assert schedule(500, 1000, 100, 200) == 1
    assert schedule(900, 1000, 100, 200) == pytest.approx(0.5)
    assert schedule(10_000, 1000, 100, 0) == 1


def test_targets_are_means_of_each_third():
    hidden = torch.randn(1, 10, 2)
    boundary = torch.zeros(1, 10)
    boundary[0, [1, 7]] = 1
    ids, whole = segments_of(boundary, torch.tensor([10]))
    assert ids[0].tolist() == [0, 1, 1, 1, 1, 1, 1, 2, 2, 2]
    assert whole[0].tolist() == [False] + [True] * 6 + [False] * 3
    mean, thirds = (segment_targets(hidden, ids, kind) for kind in ('mean', 'thirds'))
    torch.testing.assert_close(mean[0, 3], hidden[0, 3:5].mean(0))
    torch.testing.assert_close(thirds[0, 3], torch.cat([hidden[0, a : a + 2].mean(0) for a in (1, 3, 5)]))
    torch.testing.assert_close(thirds[0, 1], thirds[0, 6])


def test_matching_is_one_to_one():
    assert matches(np.array([1.0, 1.04]), np.array([1.02]), 0.05) == 1
    assert matches(np.array([1.0, 1.1]), np.array([1.05, 1.06]), 0.05) == 2
    scores = boundary_scores([np.array([1.0, 2.0])], [np.array([1.01, 3.0])], 0.05)
    assert scores['precision'] == scores['recall'] == scores['f1'] == 0.5
    assert boundary_scores([np.array([1.0])], [np.array([1.0])], 0.02)['r_value'] == pytest.approx(1)
