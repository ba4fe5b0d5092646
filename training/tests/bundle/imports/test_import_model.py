"""The command: recordings and a folder in, a bundle out whose golden units Python finds again; windows step by step."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from safetensors.numpy import load_file

from bundle.imports.live import Steps, live, spread, steps_in
from data.places import PROJECT
from tests.bundle.imports.record import HERE
from tests.helpers import run

TINY_WAVE = PROJECT / 'test/fixtures/tiny-wave'


@pytest.fixture(scope='module')
def speech(tmp_path_factory) -> Path:
    """Recordings, and one that is none."""
    folder = tmp_path_factory.mktemp('speech')
    wave, _ = soundfile.read(TINY_WAVE / 'golden/speech.wav', dtype='float32')
    for k in range(8):
        soundfile.write(folder / f'{k}.wav', np.roll(wave, 5000 * k) * (0.3 + k / 10), 16_000)
    (folder / 'broken.wav').write_bytes(b'RIFF')
    return folder


def test_a_bundle_comes_out(speech, tmp_path):
    out = tmp_path / 'bundle'
    said = run('bundle.import_model', 'hubert', HERE / 'hubert', '--speech', speech, '--out', out, '--window', 1, '--hop', 0.32, '--ahead', 0.16)
    assert 'hears 1.28 s; what it says of a moment is known 0.175 to 0.495 s after it' in said
    assert 'left out 1 recordings' in said
    config = json.loads((out / 'config.json').read_text())
    assert [config['encoder'][k] for k in ('frontend', 'chunkTokens', 'windowTokens', 'delayTokens')] == ['waveform', 16, 48, 8]
    rates = {r['name']: r['lambda'] for r in config['boundaries']['rates']}
    assert rates['5.0'] > rates['6.25'] > rates['8.33'] and rates['natural'] == rates['5.0']
    tensors = load_file(out / 'golden/tensors.safetensors')
    assert tensors['features'].shape == (len(tensors['mel']) // 2, 16)
    assert len(json.loads((out / 'golden/units.json').read_text())['int8']) > 5
    with pytest.raises(SystemExit, match='expected an empty folder or none'):
        run('bundle.import_model', 'hubert', HERE / 'hubert', '--speech', speech, '--out', out)


def test_a_codebook_that_comes_along_is_kept(speech, tmp_path):
    out = tmp_path / 'bundle'
    said = run('bundle.import_model', 'sylboost', HERE / 'sylboost', '--speech', speech, '--out', out, '--window', 1, '--hop', 0.32)
    assert 'SylBoost at 6.25 a second' in said and 'cuts that are those of the authors' in said
    assert set(load_file(out / 'codebook.safetensors')['units']) == set(range(1, 8))
    assert json.loads((out / 'config.json').read_text())['units'] == {'centroids': 40, 'merged': 7, 'trimTokens': 1}
    assert 0 <= json.loads((out / 'manifest.json').read_text())['metrics']['sameCutsAsAuthors'] <= 1


def test_a_folder_without_recordings_is_refused(tmp_path):
    with pytest.raises(SystemExit, match='expected recordings'):
        run('bundle.import_model', 'hubert', HERE / 'hubert', '--speech', HERE / 'hubert', '--out', tmp_path / 'bundle')


def places(wave: np.ndarray) -> np.ndarray:
    """A network that says of a token where it lies, and how much it hears before and after."""
    T = (len(wave) - 240) // 320
    token = wave[: 320 * T : 320]
    return np.stack([token, token - token[0], token[-1] - token], 1)


@pytest.mark.parametrize('tokens', [1, 5, 15, 16, 17, 100, 101, 119])
def test_steps_give_every_token_once(tokens):
    wave = np.arange(320 * tokens + 240, dtype=np.float64) / 320  # of a sample of token t: t
    rows = live(places, wave, Steps(chunk=16, window=32, delay=8))
    np.testing.assert_array_equal(rows[:, 0], np.arange(tokens))
    assert rows[:, 1].max() < 48 and (rows[: 16 * (tokens // 16) - 8, 2] >= 8).all()
    middle = spread(places, wave, Steps(chunk=16, window=32, delay=8))
    np.testing.assert_array_equal(middle[:, 0], np.arange(tokens))
    assert (middle[:, 1] >= np.minimum(np.arange(tokens), 12)).all()


@pytest.mark.parametrize(
    ('window', 'hop', 'ahead', 'said'),
    [(4, 0.001, 0.4, '--hop'), (4, 0.24, -1, '--ahead'), (0.5, 0.24, 2, '--window'), (31, 0.24, 0.4, '--window')],
)
def test_windows_that_cannot_be_are_refused(window, hop, ahead, said):
    with pytest.raises(ValueError, match=said):
        steps_in(window, hop, ahead)
