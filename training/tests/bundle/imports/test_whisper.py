"""Whisper's encoder: a small random model.bin against PyTorch's own layers and torchaudio's mel; and files that are none."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torchaudio

from bundle.imports import whisper
from bundle.imports.files import Tensors
from recipes.imported.whisper_torch import blocks, features, stem
from tests.bundle.imports import graphs
from tests.bundle.imports.tiny_whisper import HEADS, LAYERS, D, arrays, model_bin


def torchs(tensors: Tensors) -> dict[str, torch.Tensor]:
    return {n: torch.from_numpy(np.asarray(a, np.float32)) for n, a in tensors.arrays.items()}


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / 'model.bin').write_bytes(model_bin(arrays()))
    return tmp_path


@pytest.mark.parametrize('layer', [0, 1, 2])
def test_tokens_are_those_of_the_network_from_the_second_on(folder, layer):
    network = whisper.read(folder, layer=layer)
    wave = np.random.default_rng(1).normal(0, 0.1, 320 * 30 + 240).astype(np.float32)
    (found,) = graphs.features(network, wave[None])
    assert found.shape == (30, D) and network.width == D
    t = torchs(network.build.keywords['tensors'])
    said = features(blocks(stem(torch.from_numpy(wave)[None], t), t, 0, layer, HEADS), t, last=layer == LAYERS)
    np.testing.assert_allclose(found, said[0].numpy(), atol=1e-4)


def test_the_filters_are_slaneys():
    bank = torchaudio.functional.melscale_fbanks(201, 0, 8000, 80, 16_000, norm='slaney', mel_scale='slaney')
    np.testing.assert_allclose(whisper.mel_filters(), bank.T.numpy(), atol=1e-7)


def test_parts_are_joined(folder):
    data = (folder / 'model.bin').read_bytes()
    (folder / 'model.bin').unlink()
    for k, part in enumerate((data[:1000], data[1000:])):
        (folder / f'part{k + 1}').mkdir()
        (folder / f'part{k + 1}' / f'model.bin.part{k + 1}').write_bytes(part)
    assert whisper.read(folder, layer=2).layers == 2


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        (lambda data: data[:5000], 'expected more of the model'),
        (lambda data: data.replace(b'WhisperSpec', b'WhisperSpek'), "found 'WhisperSpek'"),
        (lambda data: b'PK\3\4' + data, 'expected a CTranslate2 model of WhisperSpec'),
        (lambda data: data[:2], 'expected more of the model'),
        (lambda data: data.replace(b'encoder/conv1/weight', b'encoder/conv9/weight'), 'expected a tensor conv1.weight'),
    ],
)
def test_other_files_are_refused(folder, change, said):
    (folder / 'model.bin').write_bytes(change((folder / 'model.bin').read_bytes()))
    with pytest.raises(SystemExit, match=said):
        whisper.read(folder, layer=1)


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(SystemExit, match=r'expected model\.bin'):
        whisper.read(tmp_path, layer=1)
