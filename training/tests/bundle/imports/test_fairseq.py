"""fairseq's files: layers to 1e-4 of what fairseq says, as record_fairseq.py recorded it; SylBoost of a HuBERT; what is said of other files."""

from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch

from bundle.import_model import read_network
from bundle.imports.graph import Network
from bundle.imports.networks import AUDIO
from tests.bundle.imports.graphs import features
from tests.bundle.imports.record import HERE

KINDS = {'hubert-fairseq': 'hubert', 'hubert-fairseq-large': 'hubert', 'data2vec2': 'data2vec2'}


def read(kind: str, folder: Path, layer: int | None = None, normalise: str = 'auto') -> Network:
    return read_network(Namespace(kind=kind, folder=folder, layer=layer, normalise=normalise))


@pytest.mark.parametrize('name', KINDS)
def test_layers_are_those_of_fairseq(name):
    recorded = np.load(HERE / name / 'hidden.npz')
    for key in set(recorded) - {'wave'}:
        network = read(KINDS[name], HERE / name, int(key.removeprefix('layer')))
        np.testing.assert_allclose(features(network, recorded['wave']), recorded[key], atol=1e-4)


def test_a_file_will_do_in_place_of_its_folder():
    (path,) = (HERE / 'hubert-fairseq').glob('*.pt')
    assert read('hubert', path).layers == 2


@pytest.fixture
def state() -> dict:
    return torch.load(HERE / 'hubert-fairseq/checkpoint.pt', weights_only=False)


def test_a_finetuned_network_is_found_in_its_file(state, tmp_path):
    inner = {f'w2v_encoder.w2v_model.{n}': v for n, v in state['model'].items()}
    torch.save({'cfg': None, 'model': inner | {'w2v_encoder.proj.bias': torch.zeros(3)}}, tmp_path / 'fine.pt')
    recorded = np.load(HERE / 'hubert-fairseq/hidden.npz')
    with pytest.raises(SystemExit, match='expected cfg.task.normalize, .* say --normalise yes or --normalise no'):
        read('hubert', tmp_path)
    heads = read('hubert', tmp_path, 1, 'no')  # of 64, as nothing tells
    assert features(heads, recorded['wave']).shape == recorded['layer1'].shape


@pytest.fixture
def folder(state, tmp_path) -> Path:
    """SylBoost of a HuBERT: a file as its authors' data2vec2 form has it."""
    torch.save({'model_seg': {f'model.{n}': v for n, v in state['model'].items()}}, tmp_path / 'SylBoost_500Hz.pth')
    np.save(tmp_path / 'SylBoost_500Hz_kmeans.npy', np.random.default_rng(0).normal(0, 1, (20, 16)).astype(np.float32))
    np.save(tmp_path / 'SylBoost_500Hz_agglom.npy', np.arange(20) % 5)
    return tmp_path


def test_sylboost_of_a_hubert_is_read(folder):
    network = read('sylboost', folder)
    assert (network.about, network.natural, network.delta) == ('SylBoost at 5 a second, hubert of 2 layers, layer 2', 5.0, 0.0019)
    assert network.codebook['units'].max() == 5
    assert features(network, np.load(HERE / 'hubert-fairseq/hidden.npz')['wave']).shape == (1, 40, 16)


def refusal(kind: str, folder: Path) -> str:
    with pytest.raises(SystemExit) as refused:
        read(kind, folder).build(False)
    return str(refused.value)


def test_files_of_another_network_are_refused(folder, state):
    assert 'expected the tensors of a hubert of fairseq, found data2vec2' in refusal('hubert', HERE / 'data2vec2')
    assert 'expected the tensors of a data2vec2 of fairseq, found hubert' in refusal('data2vec2', HERE / 'hubert-fairseq')
    assert 'expected a checkpoint of fairseq with `model`, found model_seg' in refusal('hubert', folder / 'SylBoost_500Hz.pth')
    torch.save({'model_seg': {'model.conv.weight': torch.zeros(2)}}, folder / 'SylBoost_500Hz.pth')
    assert 'expected SylBoost of data2vec2 or of HuBERT, found another network (conv.weight, ...)' in refusal('sylboost', folder)
    more = state['model'] | {'feature_extractor.conv_layers.7.0.weight': torch.zeros(8, 8, 2)}
    torch.save(state | {'model': more}, folder / 'other.pt')
    assert 'expected 7 convolutions, 400 samples every 320, found more' in refusal('hubert', folder / 'other.pt')
    layered = torch.load(HERE / 'data2vec2/base_libri.pt', weights_only=False)
    layered['model'][f'{AUDIO}alibi_scale'] = torch.ones(3, 1, 6, 1, 1)
    torch.save(layered, folder / 'base.pt')
    assert "expected alibi_scale to be [1, 1, 'any', 1, 1], found [3, 1, 6, 1, 1]" in refusal('data2vec2', folder / 'base.pt')
