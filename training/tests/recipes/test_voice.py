"""The head that a bundle ships: honest labels, unseen speakers, the runtime's windows, and one command from recordings to a bundle that says so."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from bundle.classifier import speech_windows
from bundle.lockstep import lockstep
from bundle.read import onnx_step, read_bundle
from data.places import PROJECT, SHARED
from data.splits import named
from model.encoder import Streamer
from recipes.finetune.voice import kokoro_label, voice_items
from recipes.finetune.voice_report import HEADING, balanced, measure
from tests.helpers import run

TINY, SMALL, SHARED = PROJECT / 'test/fixtures/tiny', PROJECT / 'models/small', SHARED


def test_a_kokoro_voice_is_what_its_name_says_where_that_is_one_thing():
    assert [kokoro_label(v) for v in ('af_nova', 'am_puck', 'bm_fable+im_nicola@0.6')] == ['woman', 'man', 'man']
    assert [kokoro_label(v) for v in ('af_nova+am_puck@0.5', 'zm_yunxia', 'zm_yunxia+am_puck@0.5')] == [None] * 3


def test_nobody_who_is_held_out_trains_nor_does_a_child_nor_the_evaluation_pack():
    if not (SHARED / 'speech/manifest.jsonl').exists():
        pytest.skip('there is no ../shared/speech')
    items = voice_items(SHARED)
    train = [i for i in items if i['split'] == 'train']
    speakers = {i['speaker'] for i in train}
    held = named()['speechocean762']
    assert not speakers & {*held['dev'], *held['test']} and {i['corpus'] for i in train} == {'speechocean762', 'timed-speech'}
    assert {i['label'] for i in train} == {'man', 'woman'}
    assert not any(part.split('@')[0] in named()['timed-speech']['dev'] for i in train for part in i['speaker'].split('+'))
    tested = {i['speaker'] for i in items if i['split'] == 'test' and i['corpus'] == 'speechocean762'}
    assert tested <= {*held['test']} and {i['label'] for i in items if i['speaker'] in tested} == {'man', 'woman', 'child'}


@pytest.mark.parametrize('precision', ['step', 'step_int8'])
def test_recordings_run_together_get_what_each_gets_alone(precision):
    model, _, _ = read_bundle(TINY)
    step, cfg = onnx_step(TINY / f'onnx/{precision}.onnx', model.cfg.layers), model.cfg
    torch.manual_seed(0)
    mels = [torch.randn(n, 128) for n in (200, 161, 160, 64, 33, 16, 6)]
    for together, mel in zip(lockstep(cfg, step, mels), mels, strict=True):
        alone = Streamer(cfg, step).run(mel)
        for name, value in alone.items():
            torch.testing.assert_close(together[name], value, rtol=0, atol=1e-5)
    with pytest.raises(ValueError, match='longest first'):
        lockstep(cfg, step, mels[::-1])


def test_windows_are_of_speech_alone_and_none_of_a_pause():
    features = np.arange(20, dtype=np.float32)[:, None]
    out = {'features': features, 'speech': np.where((features[:, 0] >= 3) & (features[:, 0] < 9), 0.0, -1.0)}
    windows, pooled = speech_windows(out, 10, 4, 3)
    assert windows.tolist() == [[0, 10], [4, 14]] and pooled.ravel().tolist() == [5.5, 6.0]
    windows, pooled = speech_windows(out, 10, 4, None)
    assert windows.tolist() == [[0, 10], [4, 14], [8, 18], [10, 20]] and pooled[0] == 4.5
    assert speech_windows({k: v[:0] for k, v in out.items()}, 10, 4, 3)[1].shape == (0, 1)


def test_speakers_count_alike():
    rows = [{'corpus': 'speechocean762', 'label': label, 'speaker': who} for label, who in [('man', 'a'), *[('man', 'b')] * 3, ('woman', 'c')]]
    said = np.array([[1.0, 0], [0, 1], [0, 1], [0, 1], [0, 1]])
    got = measure(['man', 'woman'], rows, np.arange(5), said)
    assert got['recordings']['man'] == 0.5 and got['recordings']['balanced'] == 0.75 and got['recordings']['woman'] == 1.0
    assert got['groups']['speechocean762, man'] == {'speakers': 2, 'recordings': 4, 'man': 0.5, 'woman': 0.5}
    many = {('speechocean762', label, str(k)): (1, np.array([k % 4 != 0, k % 4 == 0], float)) for label in ('man', 'woman') for k in range(40)}
    figures = balanced(['man', 'woman'], many, 'speechocean762')
    with pytest.raises(SystemExit, match='got none of woman'):
        balanced(['man', 'woman'], {k: v for k, v in many.items() if k[1] == 'man'}, 'speechocean762')
    assert figures['low'] < figures['balanced'] < figures['high'] and figures['balanced'] == 0.5


@pytest.fixture
def recordings(tmp_path) -> Path:
    """A made-up ../shared: a woman, and the same slowed down as if she were a man; some of them are held out."""
    rng, held = np.random.default_rng(0), named()['speechocean762']['test']
    spoken, _ = soundfile.read(PROJECT / 'test/fixtures/kathleen-a0002.wav', dtype='float32')
    speech, timed = [], []
    for k in range(24):
        gender, who = 'mf'[k % 2], held[k // 2] if k < 4 else f'so762-x{k}'
        name = f'{"speech" if k < 14 else "timed-speech"}/{k}.wav'
        (tmp_path / name).parent.mkdir(exist_ok=True)
        slow = np.interp(np.arange(0, len(spoken) - 1, 0.7), np.arange(len(spoken)), spoken) if gender == 'm' else spoken
        soundfile.write(tmp_path / name, slow[:40_000] * rng.uniform(0.3, 1), 16_000)
        if k < 14:
            speech += [{'path': f'{k}.wav', 'corpus': 'speechocean762', 'speaker': who, 'gender': gender, 'age': 30}] * 2
        else:
            timed += [{'path': f'{k}.wav', 'voice': f'a{gender}_{k}'}] * 2
    for name, rows in (('speech', speech), ('timed-speech', timed)):
        (tmp_path / name / 'manifest.jsonl').write_text(''.join(json.dumps(r) + '\n' for r in rows))
    return tmp_path


def test_one_command_gives_a_bundle_a_head(recordings, tmp_path):
    bundle = tmp_path / 'bundle/tiny'
    shutil.copytree(TINY, bundle)
    said = run('recipes.finetune.voice', bundle, '--version', '0.1.0', '--shared', recordings, '--runs', tmp_path / 'runs')
    about = json.loads((bundle / 'head/head.json').read_text())
    assert (about['name'], about['labels'], about['minSpeechMs']) == ('voice', ['man', 'woman'], 200)
    manifest, card = json.loads((bundle / 'manifest.json').read_text()), (bundle / 'README.md').read_text()
    assert manifest['version'] == '0.1.0' and manifest['metrics']['head'] == about['metrics'] and card.startswith('# tiny 0.1.0\n')
    assert card.count(HEADING) == 1 and HEADING in said and set(about['metrics']) == {'train', 'crossed', 'int8', 'fp32'}
    assert about['metrics']['crossed']['speakers'] == 10
    for name in ('head/head.json', 'head/head.onnx', 'head/golden.safetensors', 'README.md'):
        data = (bundle / name).read_bytes()
        assert manifest['files'][name] == {'bytes': len(data), 'sha256': hashlib.sha256(data).hexdigest()}
    run('recipes.finetune.voice', bundle, '--shared', recordings, '--runs', tmp_path / 'runs')
    assert (bundle / 'README.md').read_text() == card  # again: the same, in the same place


def test_the_shipped_head_belongs_to_the_shipped_bundle_and_is_small():
    if not (SMALL / 'head/head.json').exists():
        pytest.skip('there is no models/small/head')
    about, manifest = (json.loads((SMALL / name).read_text()) for name in ('head/head.json', 'manifest.json'))
    assert about['encoder'] == manifest['files']['onnx/step_int8.onnx']['sha256']
    assert sum(p.stat().st_size for p in (SMALL / 'head').iterdir()) < 200_000
    figures = about['metrics']['int8']['recordings']
    assert manifest['metrics']['head'] == about['metrics'] and figures['low'] > 0.5
    assert '{balanced:.3f} ({low:.3f} to {high:.3f})'.format_map(figures) in (SMALL / 'README.md').read_text()
