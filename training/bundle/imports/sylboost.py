"""SyllableLM's SylBoost, of data2vec2 or of HuBERT, with its k-means and merged units; and Sylber."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from bundle.codebook import Codebook
from bundle.imports.files import Refused, Tensors, arrays_of, numpy_file, one_file, unpickled
from bundle.imports.graph import Network
from bundle.imports.networks import data2vec2, hubert, is_data2vec2, is_hubert
from bundle.imports.whole_cuts import DELTAS

LAYERS = {'data2vec2': 11, 'hubert': 10}  # of 12: the one whose frames were taught to look alike
HZ = {'833': 8.33, '625': 6.25, '500': 5.0}  # its rates, in the names of its files


def codebook(folder: Path, width: int) -> Codebook:
    """Centroids and merged units as SyllableLM has them -> as a bundle has them.

    They divide by the deviation with n - 1, and a bundle by that with n: the centroids are moved apart by the quotient, and the nearest one stays.
    """
    centroids = numpy_file(one_file(folder, ('kmeans.npy',)))
    units = numpy_file(one_file(folder, ('agglom.npy',))).reshape(-1)
    if centroids.ndim != 2 or centroids.shape[1] != width:
        raise Refused(f'{folder}: expected centroids [K, {width}], found {list(centroids.shape)}; is the k-means file of this checkpoint?')
    if len(units) != len(centroids) or units.min() < 0 or set(units.tolist()) != set(range(int(units.max()) + 1)):
        raise Refused(
            f'{folder}: expected one unit from 0 on for each of {len(centroids)} centroids, found {len(units)}, {units.min()} to {units.max()}'
        )
    apart = np.sqrt(width / (width - 1))
    return {'centroids': (centroids * apart).astype(np.float16), 'units': (units + 1).astype(np.int32)}


def network_of(tensors: Tensors, layer: int | None, normalise: str) -> Network:
    if is_data2vec2(tensors):
        return data2vec2(tensors, layer=layer, default=LAYERS['data2vec2'], normalise=normalise)
    if is_hubert(tensors):
        return hubert(tensors, layer=layer, default=LAYERS['hubert'], normalise=normalise)
    some = ', '.join(sorted(tensors.arrays)[:3])
    raise Refused(f'{tensors.path}: expected SylBoost of data2vec2 or of HuBERT, found another network ({some}, ...)')


def read_sylboost(folder: Path, *, layer: int | None, normalise: str) -> Network:
    """A folder with SylBoost_*.pth, *_kmeans.npy and *_agglom.npy. The waveform is not normalised, unless that is asked for."""
    path = one_file(folder, ('.pth',))
    state = unpickled(path)
    if not isinstance(state.get('model_seg'), dict):
        raise Refused(f'{path}: expected a SylBoost checkpoint with `model_seg`, found {", ".join(map(str, list(state)[:6]))}')
    weights = {n.removeprefix('model.'): v for n, v in state['model_seg'].items()}
    network = network_of(arrays_of(weights, path), layer, 'fairseq' if normalise == 'yes' else 'no')
    hz = next((hz for digits, hz in HZ.items() if digits in path.name), 5.0)
    about = f'SylBoost at {hz:g} a second, {network.about}'
    return replace(network, codebook=codebook(folder, network.width), natural=hz, delta=DELTAS[hz], about=about)


def read_sylber(folder: Path, *, layer: int | None) -> Network:
    """A folder with sylber.ckpt: the state of a HuBERT of nine layers, of which the last is taken. The waveform is normalised as its authors do."""
    path = one_file(folder, ('.ckpt',))
    network = hubert(arrays_of(unpickled(path), path), layer=layer, default=9, normalise='sylber')
    return replace(network, about=f'Sylber, {network.about}', licence='MIT (Sylber; its setup.py says Apache-2.0)')
