"""Labelled clips, fine-tuning and heads: who tests never trains, a start is what it says, an exported head says the same."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from bundle.classifier import encoder_hash, head_graph, windows_of
from config import load_config
from data.places import PROJECT, SHARED
from model.encoder import encode, whole_bias
from model.engine import onnxruntime
from model.mae import MaeConfig, MaskedAutoencoder
from recipes.finetune.clips import chosen, folder_items, load_clips, task_items
from recipes.finetune.train import Classifier, groups, interval, labelled_share, learn_head, make_head, start_encoder
from tests.helpers import run

TINY, HEAD = PROJECT / 'test/fixtures/tiny', PROJECT / 'test/fixtures/tiny-head'


@pytest.fixture(scope='session')
def commands(tmp_path_factory) -> Path:
    """Two 'words', a low and a high tone, by twelve speakers; a folder with a manifest, and its shard. Returns the runs' folder."""
    runs, rng, rows = tmp_path_factory.mktemp('commands'), np.random.default_rng(0), []
    for k in range(48):
        word, speaker = ('low', 'high')[k % 2], f's{k // 4}'
        tone = np.sin(np.arange(16_000) * (0.1 if word == 'low' else 0.9) * rng.uniform(0.95, 1.05))
        (runs / 'wav').mkdir(exist_ok=True)
        soundfile.write(runs / f'wav/{k}.wav', 0.3 * tone + rng.normal(0, 0.02, 16_000), 16_000)
        rows.append({'path': f'{k}.wav', 'label': word, 'speaker': speaker})
    (runs / 'wav/manifest.jsonl').write_text(''.join(json.dumps(r) + '\n' for r in rows))
    run('recipes.finetune.clips', '--runs', runs, '--folder', runs / 'wav', '--name', 'words')
    return runs


def test_no_speaker_is_on_both_sides(commands):
    rows = [json.loads(line) for line in (commands / 'clips/words/utterances.jsonl').open()]
    sides = {split: {r['speaker'] for r in rows if r['split'] == split} for split in ('train', 'test')}
    assert sides['train'] and sides['test'] and not sides['train'] & sides['test']
    assert len(load_clips(commands / 'clips/words', 'test')) + len(load_clips(commands / 'clips/words', 'train')) == 48
    by_recording = folder_items(commands / 'wav', 'speaker', 'speaker')
    assert {i['speaker'] for i in by_recording if i['split'] == 'test'} & {i['speaker'] for i in by_recording if i['split'] == 'train'}
    assert abs(np.mean([chosen(str(k)) for k in range(4000)]) - 0.25) < 0.03


def test_a_manifest_without_the_label_is_refused(commands, tmp_path):
    (tmp_path / 'manifest.jsonl').write_text('{"path": "a.wav", "speaker": "x"}\n')
    with pytest.raises(SystemExit, match='expected the column "label"'):
        folder_items(tmp_path, 'label', 'speaker')


def test_subfolders_are_classes(tmp_path):
    for name in ('yes', 'no'):
        (tmp_path / name).mkdir()
        (tmp_path / name / 'a.wav').touch()
    assert [(i['label'], i['id']) for i in folder_items(tmp_path, 'label', 'speaker')] == [('no', 'no_a'), ('yes', 'yes_a')]


def test_the_ready_made_tasks_keep_to_the_splits():
    shared = SHARED
    if not (shared / 'speech/manifest.jsonl').exists():
        pytest.skip('there is no ../shared/speech')
    age, who = (task_items(name, shared) for name in ('age', 'speaker'))
    tested = {i['speaker'] for i in age if i['split'] == 'test'}
    assert len(tested) == 45 and not tested & {i['speaker'] for i in age if i['split'] == 'train'} and not tested & {i['speaker'] for i in who}
    assert {i['label'] for i in age} == {'woman', 'man', 'girl', 'boy'} and len({i['label'] for i in who}) == 180


def test_shares_are_of_every_class_and_grow(commands):
    clips = load_clips(commands / 'clips/words', 'train')
    some, more = labelled_share(clips, 0.2, 3), labelled_share(clips, 0.5, 3)
    assert {c.label for c in some} == {'low', 'high'} and {c.uid for c in some} < {c.uid for c in more}
    assert len(labelled_share(clips, 1.0, 0)) == len(clips) and len(labelled_share(clips, 0.001, 0)) == 2


def test_lower_blocks_learn_more_slowly():
    encoder, _ = start_encoder('scratch', 'tiny', 0)
    model = Classifier(encoder, 3, 0)
    scales = [g['scale'] for g in groups(model, 1.0, 0.5)]
    assert scales == [1.0, 0.5, 1.0, 0.25]
    known = {id(p) for g in groups(model, 1.0, 0.5) for p in g['params']}
    assert {n.split('.')[0] for n, p in encoder.named_parameters() if id(p) not in known} == {'events', 'phones'}


def test_a_masked_autoencoder_starts_with_what_it_learned(tmp_path):
    torch.manual_seed(1)
    cfg = load_config('tiny').encoder
    mae = MaskedAutoencoder(cfg, MaeConfig())
    torch.save({'encoder': cfg.to_dict(), 'mae': mae.mae.to_dict(), 'average': mae.state_dict(), 'mel': [-7.0, 3.0]}, tmp_path / 'pretrain.pt')
    encoder, mel = start_encoder(str(tmp_path / 'pretrain.pt'), 'tiny', 0)
    x = torch.randn(40, 128)
    torch.testing.assert_close(encode(encoder, x)['features'], mae.encoder(x[None], whole_bias(cfg, torch.ones(1, 20)))['hidden'][0].detach())
    assert mel == (-7.0, 3.0)


def test_the_interval_is_over_clips():
    right = np.array([[1] * 70 + [0] * 30, [1] * 80 + [0] * 20])
    mean, low, high = interval(right)
    assert mean == 0.75 and 0.64 < low < 0.70 and 0.80 < high < 0.86


def test_a_head_on_features_that_tell_is_right():
    x = torch.randn(200, 6, generator=torch.Generator().manual_seed(0)) * torch.tensor([1, 1, 100, 1, 1, 0.01]) + 5
    y = (x[:, 2] > 5).long()
    for hidden in (0, 16):
        assert (learn_head(x, y, 2, hidden, 0)(x).argmax(1) == y).float().mean() > 0.95


def test_the_exported_head_says_the_same(tmp_path):
    for hidden in (0, 5):
        head = make_head(7, 3, hidden)
        session = onnxruntime.InferenceSession(head_graph(head, 7, 3).SerializeToString())
        x = torch.randn(4, 7)
        (got,) = session.run(['probabilities'], {'pooled': x.numpy()})
        np.testing.assert_allclose(got, head(x).softmax(1).detach().numpy(), atol=1e-6)


@pytest.mark.parametrize(('tokens', 'want'), [(0, []), (7, [(0, 7)]), (10, [(0, 10)]), (13, [(0, 10), (3, 13)]), (14, [(0, 10), (4, 14)])])
def test_windows_end_on_the_grid_and_at_the_end(tokens, want):
    assert windows_of(tokens, 10, 4) == want


def test_the_fixture_is_made_by_the_recipe(tmp_path):
    run('bundle.classifier', '--random', '--bundle', TINY, '--out', tmp_path / 'tiny-head')
    for name in ('head.onnx', 'head.json'):
        a, b = (json.loads(p.read_text()) if name == 'head.json' else p.read_bytes() for p in (tmp_path / 'tiny-head' / name, HEAD / name))
        if name == 'head.json':
            assert a['encoder'] == b['encoder'] == encoder_hash(TINY)
            a, b = ({k: v for k, v in j.items() if k != 'files'} for j in (a, b))
        assert a == b, name


def test_the_command_compares_starts_and_exports_a_head(commands, tmp_path):
    shape = ('--clips', commands / 'clips', '--config', 'tiny', '--json', tmp_path / 'words.json')
    few = ('--steps', 25, '--batch', 8, '--scratch-lr', 3e-3, '--seconds', 1)
    first = run('recipes.finetune.train', 'words', *shape, *few, '--shares', 0.5, 1, '--seeds', 2)
    assert first.count('| scratch | whole |') == 2
    right = json.loads((tmp_path / 'words.json').read_text())
    assert len(right) == 4 and np.mean(right['scratch | whole | 1 | 0']) > 0.7
    again = run('recipes.finetune.train', 'words', *shape, *few, '--shares', 0.5, 1, '--seeds', 2)
    assert 'cost' not in again and again.split('| start')[1] == first.split('| start')[1]
    frozen = run('recipes.finetune.train', 'words', *shape, '--starts', TINY, '--freeze', '--export', tmp_path / 'head', '--hidden', 4)
    about = json.loads((tmp_path / 'head/head.json').read_text())
    assert about['labels'] == ['high', 'low'] and about['encoder'] == encoder_hash(TINY) and 'frozen' in frozen
    with pytest.raises(SystemExit, match='expected --freeze'):
        run('recipes.finetune.train', 'words', *shape, '--starts', TINY, '--export', tmp_path / 'head')
