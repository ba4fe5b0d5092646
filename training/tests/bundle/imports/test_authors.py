"""SyllableLM's data2vec2, MAE-AST and Sylber: features to 1e-4 of what the authors' code says, as record_authors.py recorded it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from bundle.imports import mae_ast, sylboost
from bundle.imports.whole_cuts import agreement, whole_cuts
from segment import segmenter
from tests.bundle.imports.graphs import features
from tests.bundle.imports.record import HERE
from tests.bundle.imports.record_authors import features_of

READERS = {
    'sylboost': lambda folder, layer: sylboost.read_sylboost(folder, layer=layer, normalise='auto'), 'sylber': sylboost.read_sylber,
    'mae-ast-frame': lambda folder, layer: mae_ast.read('frame', folder, layer=layer),
    'mae-ast-patch': lambda folder, layer: mae_ast.read('patch', folder, layer=layer),
}  # fmt: skip


@pytest.mark.parametrize('name', ['sylboost', 'sylber', 'mae-ast-frame'])
def test_layers_are_those_of_the_authors(name):
    recorded = np.load(HERE / name / 'hidden.npz')
    layers = [int(key.removeprefix('layer')) for key in recorded if key != 'wave']
    assert layers
    for layer in layers:
        network = READERS[name](HERE / name, layer=layer)
        np.testing.assert_allclose(features(network, recorded['wave']), recorded[f'layer{layer}'], atol=1e-4)


def test_patches_of_one_time_are_averaged_and_stand_for_its_tokens():
    recorded = np.load(HERE / 'mae-ast-patch/hidden.npz')
    for layer in (1, 2):
        said = recorded[f'layer{layer}'][0]  # of whole times, 8 patches each
        want = np.repeat(said.reshape(-1, 8, said.shape[1]).mean(1), 8, 0)
        (found,) = features(READERS['mae-ast-patch'](HERE / 'mae-ast-patch', layer=layer), recorded['wave'])
        np.testing.assert_allclose(found, want, atol=1e-4)
        (more,) = features(READERS['mae-ast-patch'](HERE / 'mae-ast-patch', layer=layer), recorded['wave'][:, : 320 * 37 + 240])
        assert more.shape == (37, said.shape[1]) and np.isfinite(more).all()


def test_sylboost_names_segments_as_its_authors_do():
    network = READERS['sylboost'](HERE / 'sylboost', layer=5)
    centroids, units = (np.load(HERE / f'sylboost/SylBoost_625Hz_{which}.npy') for which in ('kmeans', 'agglom'))
    assert network.natural == 6.25
    means = np.random.default_rng(0).normal(0, 1, (500, 24)).astype(np.float32)
    theirs = torch.from_numpy(means)
    theirs = ((theirs - theirs.mean(1, keepdim=True)) / theirs.std(1, keepdim=True)).numpy()
    nearest = ((theirs[:, None] - centroids[None]) ** 2).sum(2).argmin(1)
    ours = (means - means.mean(1, keepdims=True)) / (means.std(1, keepdims=True) + 1e-5)
    assert (segmenter.names(ours, network.codebook) == units[nearest] + 1).mean() > 0.99  # centroids are halves


def test_a_whole_recording_is_cut_as_the_authors_cut_it():
    recorded = np.load(HERE / 'sylboost/cuts.npz')
    counts = []
    for key, theirs in recorded.items():
        n, delta = key.split('_')
        found = whole_cuts(features_of(int(n)), float(delta))
        np.testing.assert_array_equal(found, theirs, err_msg=key)
        counts.append(len(found))
    assert len(set(counts)) > 6
    assert agreement([found], [theirs]) == 1 and agreement([found], [found[[0, -1]]]) == 0
    with pytest.raises(ValueError, match='at least 15 tokens, got 14'):
        whole_cuts(features_of(14), 0.1)


@pytest.fixture
def folder(tmp_path) -> Path:
    shutil.copytree(HERE / 'sylboost', tmp_path / 'sylboost')
    return tmp_path / 'sylboost'


def refusal(kind: str, folder: Path) -> str:
    with pytest.raises(SystemExit) as refused:
        READERS[kind](folder, layer=None).build(False)
    return str(refused.value)


def test_files_of_another_model_are_refused(folder):
    assert 'expected one file that ends with .ckpt, found none' in refusal('sylber', folder)
    assert 'expected a checkpoint of fairseq with `model`, found model_seg' in refusal('mae-ast-frame', folder / 'SylBoost_625Hz.pth')
    np.save(folder / 'SylBoost_625Hz_agglom.npy', np.arange(39))
    assert 'expected one unit from 0 on for each of 40 centroids, found 39' in refusal('sylboost', folder)
    np.save(folder / 'SylBoost_625Hz_kmeans.npy', np.zeros((40, 768), np.float32))
    assert 'expected centroids [K, 24], found [40, 768]' in refusal('sylboost', folder)
    (folder / 'SylBoost_625Hz.pth').write_bytes(b'<html>')
    assert 'expected a file of torch.save, cannot read it' in refusal('sylboost', folder)


class Harmful:
    def __reduce__(self):
        return print, ('run',)


def test_nothing_in_a_file_is_run(folder, capsys):
    torch.save({'cfg': Harmful(), 'model_seg': 'none'}, folder / 'SylBoost_625Hz.pth')
    assert 'expected a SylBoost checkpoint with `model_seg`, found cfg, model_seg' in refusal('sylboost', folder)
    assert capsys.readouterr().out == ''
