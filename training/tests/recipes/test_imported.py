"""SylBoost of a small random Whisper: frames of a segment come to look alike, and its bundle is made of what was taught; what is measured of it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from safetensors.numpy import load_file, save_file

from bundle.imports import whisper
from data.mel import log_mel
from data.places import PROJECT
from measure.heard import Heard
from measure.imported import scores
from measure.windows import of_windows
from recipes.imported.sylboost import targets
from segment.baselines import Recording
from tests.bundle.imports.tiny_whisper import arrays, model_bin
from tests.helpers import run

TINY_WAVE = PROJECT / 'test/fixtures/tiny-wave'


@pytest.fixture
def folder(tmp_path) -> Path:
    """A Whisper, and recordings."""
    (tmp_path / 'whisper').mkdir()
    (tmp_path / 'whisper/model.bin').write_bytes(model_bin(arrays(places=400)))
    (tmp_path / 'speech').mkdir()
    wave, _ = soundfile.read(TINY_WAVE / 'golden/speech.wav', dtype='float32')
    for k in range(4):
        soundfile.write(tmp_path / f'speech/{k}.wav', np.roll(wave, 5000 * k) * (0.3 + k / 10), 16_000)
    return tmp_path


def test_frames_of_a_segment_come_to_look_alike(folder):
    taught = folder / 'tuned.safetensors'
    options = ('--speech', folder / 'speech', '--layer', 2, '--blocks', 1, '--steps', 40, '--batch', 4, '--lr', 0.01)
    said = run('recipes.imported.sylboost', folder / 'whisper', *options, '--out', taught)
    within = [float(x) for x in re.findall(r'(?:round .|in the end): (0\.\d+)', said)]
    assert len(within) == 3 and within[2] < 0.8 * within[0]
    own, tuned = whisper.read(folder / 'whisper', layer=2), load_file(taught)
    assert all(name.startswith('blocks.1.') for name in tuned)
    assert own.build(False) != own.tuned(taught).build(False)
    out = folder / 'bundle'
    step = ('--window', 1, '--hop', 0.32, '--ahead', 0.16)
    run('bundle.import_model', 'whisper', folder / 'whisper', '--layer', 2, '--tuned', taught, '--speech', folder / 'speech', '--out', out, *step)
    assert 'taught further' in (out / 'README.md').read_text()
    save_file({'blocks.1.query.weight': np.zeros((3, 3), np.float32)}, taught)
    with pytest.raises(SystemExit, match=r'expected blocks.1.query.weight to be \[8, 8\], found \[3, 3\]'):
        own.tuned(taught)
    save_file({'blocks.7.query.weight': np.zeros((8, 8), np.float32)}, taught)
    with pytest.raises(SystemExit, match='expected tensors of this network taught further, found blocks.7.query.weight'):
        own.tuned(taught)


def test_the_target_of_a_frame_is_the_middle_of_its_segment():
    found = np.arange(9, dtype=np.float32)[:, None]
    np.testing.assert_array_equal(targets(found, np.array([0, 3, 9]))[:, 0], [1, 1, 1, 5.5, 5.5, 5.5, 5.5, 5.5, 5.5])


@pytest.fixture
def heard() -> Heard:
    wave, _ = soundfile.read(TINY_WAVE / 'golden/speech.wav', dtype='float32')
    units = [u for u in json.loads((TINY_WAVE / 'golden/units.json').read_text())['int8'] if not u['pause']]
    spans = np.array([[u['start'], u['end']] for u in units]) / 16_000
    item = Recording(log_mel(wave), np.unique(spans), 'one', '')
    return Heard(item, wave, spans, [str(u['id']) for u in units])


def test_a_bundle_is_scored_live_and_whole(heard):
    table = scores(TINY_WAVE, {'own': [heard]})['own']
    assert table['live int8']['F1_20ms'] > 0.99 > table['whole fp32']['F1_20ms']
    assert table['live int8']['info'] > max(0.2, table['whole fp32']['info'])


def test_more_window_and_more_ahead_agree_better(heard):
    rows = list(of_windows(TINY_WAVE, [heard], [0.64, 3.2], [0.0, 0.32, 3.2], 0.32))
    assert [(r['window'], r['ahead']) for r in rows] == [(0.64, 0.0), (0.64, 0.32), (3.2, 0.0), (3.2, 0.32)]
    assert rows[-1]['same'] >= rows[0]['same'] and 0 < rows[-1]['f1'] <= 1
