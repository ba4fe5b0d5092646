"""Networks of `transformers`: every layer to 1e-4 of what it says itself, as record.py recorded it, and what is said of files that are others."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from bundle.imports import speech
from bundle.onnx_graph import session_of
from tests.bundle.imports.graphs import features
from tests.bundle.imports.record import CASES, HERE


@pytest.mark.parametrize('name', CASES)
def test_layers_are_those_of_transformers(name):
    recorded = np.load(HERE / name / 'hidden.npz')
    for layer in range(3):
        network = speech.read(CASES[name][0], HERE / name, layer=layer, normalise='auto')
        np.testing.assert_allclose(features(network, recorded['wave']), recorded[f'layer{layer}'], atol=1e-4)


@pytest.mark.parametrize('name', CASES)
def test_int8_rows_do_not_touch_each_other(name, tmp_path):
    recorded = np.load(HERE / name / 'hidden.npz')
    wave = recorded['wave'] * np.array([[1.0], [30.0]], np.float32)
    network = speech.read(CASES[name][0], HERE / name, layer=2, normalise='no')
    (tmp_path / 'wave.onnx').write_bytes(network.build(True).SerializeToString())
    session = session_of(tmp_path / 'wave.onnx')
    both = session.run(None, {'wave': wave})[0]
    for k in range(2):
        np.testing.assert_array_equal(session.run(None, {'wave': wave[k : k + 1]})[0][0], both[k])
    fp32 = features(network, wave)
    assert np.sqrt(((both - fp32) ** 2).mean() / fp32.var()) < 0.06


@pytest.fixture
def folder(tmp_path) -> Path:
    shutil.copytree(HERE / 'hubert', tmp_path / 'hubert')
    return tmp_path / 'hubert'


def refusal(kind: str, folder: Path, **options) -> str:
    with pytest.raises(SystemExit) as refused:
        speech.read(kind, folder, **{'layer': 1, 'normalise': 'auto'} | options).build(False)
    return str(refused.value)


def test_another_kind_is_refused(folder):
    assert 'expected model_type wavlm, found hubert' in refusal('wavlm', folder)


def test_a_layer_that_is_not_there_is_refused(folder):
    assert 'expected 0 to 2 of this network, got 3' in refusal('hubert', folder, layer=3)


def test_an_unknown_normalisation_is_asked_for(folder):
    (folder / 'preprocessor_config.json').unlink()
    assert '--normalise yes or --normalise no' in refusal('hubert', folder)
    speech.read('hubert', folder, layer=1, normalise='no')


def test_missing_files_are_named(folder):
    (folder / 'model.safetensors').rename(folder / 'other.bin')
    assert 'expected model.safetensors or pytorch_model.bin, found config.json, hidden.npz, other.bin' in refusal('hubert', folder)
    (folder / 'config.json').unlink()
    assert 'config.json: expected it in a folder of `transformers`' in refusal('hubert', folder)


@pytest.mark.parametrize(
    ('option', 'value', 'said'),
    [
        ('hidden_size', 24, r'to be \[24, 8\], found \[16, 8\]'),
        ('conv_stride', [5, 2, 2, 2, 2, 2, 1], 'expected convolutions of 400 samples every 320, found 400 every 160'),
        ('hidden_act', 'relu', 'expected hidden_act gelu, found relu'),
        ('conv_pos_batch_norm', True, 'expected no conv_pos_batch_norm'),
    ],
)
def test_settings_of_another_network_are_refused(folder, option, value, said):
    config = json.loads((folder / 'config.json').read_text())
    (folder / 'config.json').write_text(json.dumps(config | {option: value}))
    with pytest.raises(SystemExit, match=said):
        speech.read('hubert', folder, layer=1, normalise='yes').build(False)


def test_a_network_with_a_head_on_top_is_found_within_it(folder):
    from safetensors.numpy import load_file, save_file

    tensors = load_file(folder / 'model.safetensors')
    save_file({f'hubert.{n}': v for n, v in tensors.items()} | {'lm_head.bias': np.zeros(3, np.float32)}, folder / 'model.safetensors')
    speech.read('hubert', folder, layer=1, normalise='yes').build(False)
