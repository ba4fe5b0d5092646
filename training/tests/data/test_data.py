"""Data: the front end, unusable files, labels, splits, and that a resumed run sees the same batches."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from data.batches import Batches, Utterance, augment, load_shards, token_labels
from data.mel import EDGE, FLOOR, TOKEN, AudioError, log_mel, read_audio
from data.places import PROJECT, RUNS
from data.shards import PHONES, boundaries, disagreements, phone_class
from data.splits import NEVER, SplitError, check_speaker, named, plain, relabel, split_of
from tests.helpers import run_apart

CLIP = PROJECT / 'test/fixtures/tiny/golden/speech.wav'


def utterance(frames: int = 300) -> Utterance:
    mel = np.random.default_rng(0).normal(-8, 3, (frames, 128)).astype(np.float16)
    syllables = np.array([[0.5, 0.8], [0.8, 1.1], [1.5, 1.9]])
    return Utterance(
        mel,
        'c',
        's',
        'u',
        np.array([0.5, 0.8, 1.1, 1.5, 1.9]),
        np.array([1.1]),
        syllables,
        np.array([0.5, 0.8, 1.9]),
        np.array([0, 3, 5]),
        ['a', 'b', 'c'],
    )


def test_log_mel_equals_a_plain_reading_of_the_definition():
    x = read_audio(CLIP).astype(np.float64)
    frames = 1 + (len(x) - 400) // 160
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 399)) ** 0.85
    mels = 1127 * np.log(1 + np.linspace(0, 8000, 257) / 700)
    edges = np.linspace(1127 * np.log(1 + 20 / 700), 1127 * np.log(1 + 8000 / 700), 130)
    up = (mels[None] - edges[:-2, None]) / np.diff(edges)[:-1, None]
    down = (edges[2:, None] - mels[None]) / np.diff(edges)[1:, None]
    bank = np.maximum(0, np.minimum(up, down))
    bank[:, 256] = 0
    want = []
    for f in range(frames):
        part = x[160 * f : 160 * f + 400]
        part = part - part.mean()
        part = part - 0.97 * np.concatenate([part[:1], part[:-1]])
        want.append(np.log(np.maximum(bank @ np.abs(np.fft.rfft(part * window, 512)) ** 2, 1.1920929e-07)))
    np.testing.assert_allclose(log_mel(read_audio(CLIP)).numpy(), want, atol=2e-2)
    assert np.isclose(log_mel(np.zeros(1600, np.float32)).numpy(), FLOOR, atol=1e-4).all()


def test_unusable_files_say_why(tmp_path):
    (tmp_path / 'text.wav').write_text('this is no sound')
    soundfile.write(tmp_path / 'short.wav', np.ones(1600) * 0.1, 16000)
    soundfile.write(tmp_path / 'silent.wav', np.zeros(16000), 16000)
    for name, word in (('text', 'cannot read'), ('short', '0.100 s'), ('silent', 'silence'), ('missing', 'cannot read')):
        with pytest.raises(AudioError, match=word):
            read_audio(tmp_path / f'{name}.wav')
    soundfile.write(tmp_path / 'fast.wav', np.random.default_rng(0).normal(0, 0.1, (44100, 2)), 44100)
    assert abs(len(read_audio(tmp_path / 'fast.wav')) - 16000) <= 1


def test_labels_lie_where_the_times_are():
    labels = token_labels(utterance(), 150)
    assert np.flatnonzero(labels['boundary']).tolist() == [round((t - EDGE) / TOKEN) for t in (0.5, 0.8, 1.1, 1.5, 1.9)]
    centre = np.arange(150) * 0.02 + 0.0175
    inside = ((centre >= 0.5) & (centre < 1.1)) | ((centre >= 1.5) & (centre < 1.9))
    assert (labels['speech'] == inside).all()
    assert set(labels['phone'][centre < 0.5]) == {0} and set(labels['phone'][(centre > 0.5) & (centre < 0.8)]) == {3}
    weak = round((1.1 - EDGE) / TOKEN)
    assert np.allclose(labels['weight'][weak - 1 : weak + 2], 0.3) and labels['weight'].sum() == pytest.approx(150 - 3 * 0.7)


def test_stretched_labels_move_with_the_sound():
    labels = token_labels(utterance(), 100, start=0.2, stretch=1.25)
    assert labels['boundary'][round(((0.8 - 0.2) / 1.25 - EDGE) / TOKEN)] == 1


def test_augmentation_stays_finite_and_above_the_floor():
    mel = np.asarray(utterance().mel, np.float32)
    for seed in range(40):
        out = augment(mel.copy(), np.random.default_rng(seed))
        assert out.shape == mel.shape and np.isfinite(out).all() and out.min() >= FLOOR - 1e-3


def test_the_same_step_gives_the_same_batch_after_a_restart():
    a, b = (Batches([utterance(), utterance(400)], -8, 3, seed=7) for _ in range(2))
    a.batch(0, 2, 100)
    x, y = a.batch(5, 3, 100, 2), b.batch(5, 3, 100, 2)
    for name in x:
        assert np.array_equal(x[name], y[name])
    assert not np.array_equal(x['mel'], a.batch(6, 3, 100, 2)['mel'])


def test_boundaries_merge_touching_syllables():
    assert boundaries([[0.1, 0.3, 'a'], [0.305, 0.5, 'b'], [0.7, 0.9, 'c']]) == [0.1, 0.3, 0.5, 0.7, 0.9]
    assert disagreements([0.1, 0.5], [0.11, 0.6]) == [0.5, 0.6]


def test_phones_of_every_alphabet_have_a_class():
    assert phone_class('AX') == PHONES.index('ah') and phone_class('pau') == 0 and phone_class('t') == PHONES.index('t')
    assert len(PHONES) == 40


@pytest.mark.parametrize('speaker', ['kal', 'kal_diphone', 'ked_diphone', 'cmu_us_slt', 'flite slt', 'Allison Smith (human)', 'asterisk-fr', 'kal16'])
def test_voices_of_the_evaluation_pack_are_refused(speaker):
    with pytest.raises(SplitError, match='never train'):
        check_speaker('corpus', speaker)


def test_training_voices_are_not_refused():
    for speaker in ('kathleen', 'so762-0001', 'af_heart', 'flite rms', 'flite awb', 'queen-J', 'skalski'):
        check_speaker('corpus', speaker)


def test_splits_do_not_overlap_and_texts_are_held_out():
    for rule in named().values():
        if isinstance(rule, dict):
            assert not set(rule['dev']) & set(rule['test'])
    text = named()['texts'][0]
    assert split_of('flite-rms', 's1', 'flite rms', text.upper() + '.') == 'unused'
    assert split_of('timed-speech', 'k1', 'af_sky+am_liam@0.50', 'hello') == 'dev'
    assert split_of('timed-speech', 'k2', 'bm_fable', 'hello') == 'test'
    assert plain("It's  FIVE, o'clock!") == "it's five o'clock"


def test_two_men_and_two_women_of_kokoro_are_only_tested_and_so_is_what_they_are_mixed_into():
    test = named()['timed-speech']['test']
    assert sorted(voice[:2] for voice in test) == ['af', 'am', 'bf', 'bm'] and 'af_heart' not in test  # another package's voice is made of af_heart
    for voice in test:
        for name in (voice, f'{voice}+am_adam@0.30', f'zf_xiaobei+{voice}@0.71'):
            assert split_of('timed-speech', 'k1', name, 'hello') != 'train'
            assert split_of('another', 'k1', name, 'hello') == 'unused'
    assert split_of('another', 'k1', 'af_sky+am_adam@0.30', 'hello') == 'train'


def test_a_finished_shard_gets_the_splits_of_today(tmp_path):
    speakers = ['af_sky', 'af_kore', 'am_adam+bm_fable@0.4', 'am_liam']
    rows = [{'id': f'k{n}', 'corpus': 'timed-speech', 'speaker': s, 'split': 'train', 'text': 'hello'} for n, s in enumerate(speakers)]
    (tmp_path / 'utterances.jsonl').write_text(''.join(json.dumps(row) + '\n' for row in rows))
    assert relabel(tmp_path) == 3 and relabel(tmp_path) == 0
    assert [json.loads(line)['split'] for line in (tmp_path / 'utterances.jsonl').open()] == ['train', 'test', 'test', 'dev']
    (tmp_path / 'utterances.jsonl').write_text(json.dumps(rows[1] | {'corpus': 'changed', 'speaker': 'af_kore changed 3'}) + '\n')
    assert relabel(tmp_path) == 1


def test_shards_keep_to_their_split():
    shards = sorted((Path(os.environ.get('SYLSTREAM_RUNS', RUNS)) / 'data').glob('*/utterances.jsonl'))
    if not shards:
        pytest.skip('no shards under runs/data: run data/shards.py')
    train: dict[str, set] = {}
    for path in shards:
        for j in map(json.loads, path.open(encoding='utf-8')):
            assert not NEVER.search(f'{j["corpus"]} {j["speaker"]}')
            if j['split'] == 'train':
                train.setdefault(j['corpus'], set()).add(j['speaker'])
                assert plain(j['text']) not in named()['texts']
    voices = {part.split('@')[0] for speakers in train.values() for speaker in speakers for part in speaker.split('+')}
    assert not voices & {*named()['timed-speech']['dev'], *named()['timed-speech']['test']}
    assert not train.get('speechocean762', set()) & {*named()['speechocean762']['dev'], *named()['speechocean762']['test']}


def test_a_missing_shard_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='nothing'):
        load_shards(tmp_path, ['nothing'])


def test_float16_mel_loses_little():
    mel = log_mel(read_audio(CLIP))
    assert (mel - mel.half().float()).abs().max() < 0.005
    assert torch.isfinite(mel).all()


def make_shard(*options: object) -> subprocess.CompletedProcess:
    return run_apart('data.shards', *options)


def test_a_folder_becomes_a_shard_and_bad_files_are_listed(tmp_path):
    folder, runs = tmp_path / 'mine', tmp_path / 'runs'
    (folder / 'anna').mkdir(parents=True)
    soundfile.write(folder / 'anna/good.wav', read_audio(CLIP), 16000)
    soundfile.write(folder / 'anna/short.wav', np.ones(800) * 0.1, 16000)
    soundfile.write(folder / 'anna/silent.flac', np.zeros(32000), 16000)
    (folder / 'anna/broken.mp3').write_text('no sound')
    out = make_shard('--runs', runs, '--folder', folder, '--name', 'mine')
    assert out.returncode == 0 and '1 utterances' in out.stdout and '3 skipped' in out.stdout, out.stdout + out.stderr
    (row,) = map(json.loads, (runs / 'data/mine/utterances.jsonl').open())
    assert row['speaker'] == 'anna' and row['frames'] == len(np.load(runs / 'data/mine/mel.npy'))
    wave = np.load(runs / 'data/mine/wave.npy')
    assert (row['sample'], row['samples']) == (0, len(wave)) and np.abs(wave / 32768 - read_audio(CLIP)).max() < 2 / 32768
    listed = (runs / 'data/mine/skipped.txt').read_text()
    assert all(name in listed for name in ('short', 'silent', 'broken'))


def test_times_of_a_manifest_are_kept_and_a_missing_column_is_named(tmp_path):
    folder, runs = tmp_path / 'mine', tmp_path / 'runs'
    folder.mkdir()
    soundfile.write(folder / 'a.wav', read_audio(CLIP), 16000)
    line = {'path': 'a.wav', 'speaker': 'bo', 'syllables': [[0.2, 0.4]], 'phones': [['aa', 0.2, 0.4]]}
    (folder / 'manifest.jsonl').write_text(json.dumps(line) + '\n')
    assert make_shard('--runs', runs, '--folder', folder, '--name', 'mine').returncode == 0
    (u,) = load_shards(runs / 'data', ['mine'])
    assert u.edges.tolist() == [0.2, 0.4] and u.phone_class.tolist() == [PHONES.index('aa')]
    (folder / 'manifest.jsonl').write_text('{"file": "a.wav"}\n')
    out = make_shard('--runs', runs, '--folder', folder, '--name', 'other')
    assert out.returncode != 0 and 'expected the column "path", got file' in out.stderr
    (folder / 'manifest.jsonl').write_text('{"path": "a.wav", "speaker": "cmu_us_slt"}\n')
    out = make_shard('--runs', runs, '--folder', folder, '--name', 'third')
    assert out.returncode != 0 and 'must never train' in out.stderr
