"""data2vec2 as fairseq has it, and SyllableLM's SylBoost of it with its k-means and merged units; Sylber's HuBERT.

Their tensors are named as `transformers` would name them; then they are networks of speech.py.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from bundle.codebook import Codebook
from bundle.imports.files import Refused, Tensors, arrays_of, numpy_file, one_file, unpickled
from bundle.imports.graph import Network
from bundle.imports.speech import SHIFT, build, check_layer
from bundle.imports.whole_cuts import DELTAS

AUDIO = 'modality_encoders.AUDIO.'
PRENET = 4  # blocks of the audio encoder, before those that all modalities share
PARTS = {
    'attn.proj': 'attention.out_proj', 'norm1': 'layer_norm', 'mlp.fc1': 'feed_forward.intermediate_dense',
    'mlp.fc2': 'feed_forward.output_dense', 'norm2': 'final_layer_norm',
}  # fmt: skip
RENAMED = (
    (r'local_encoder\.conv_layers\.(\d+)\.0\.', r'feature_extractor.conv_layers.\1.conv.'),
    (r'local_encoder\.conv_layers\.(\d+)\.2\.1\.', r'feature_extractor.conv_layers.\1.layer_norm.'),
    (r'project_features\.1\.', 'feature_projection.layer_norm.'),
    (r'project_features\.2\.', 'feature_projection.projection.'),
    (r'context_encoder\.norm\.', 'encoder.layer_norm.'),
)
SYLBOOST_LAYER = 11  # of 12: the one whose frames were taught to look alike
HZ = {'833': 8.33, '625': 6.25, '500': 5.0}  # SylBoost's rates, in the names of its files
STRIDES, KERNELS = (5, 2, 2, 2, 2, 2, 2), (10, 3, 3, 3, 3, 2, 2)
HEAD = 64  # width of an attention head where no tensor tells


def slopes(heads: int) -> np.ndarray:
    """ALiBi's slopes; of a number that is no power of two, those of the power below it and every other of the power above."""
    power = 2 ** math.floor(math.log2(heads))
    own = [2 ** (-8 * (k + 1) / power) for k in range(power)]
    between = [2 ** (-8 * (k + 1) / (2 * power)) for k in range(2 * power)]
    return np.array(own + between[::2][: heads - power])


def renamed(tensors: Tensors) -> Tensors:
    """fairseq's names -> those of data2vec-audio in `transformers`."""
    out: dict[str, np.ndarray] = {}
    for name, array in tensors.arrays.items():
        short = name.removeprefix(AUDIO)
        for pattern, to in RENAMED:
            short = re.sub(f'^{pattern}', to, short)
        if m := re.match(r'relative_positional_encoder\.(\d+)\.0\.(.+)', short):
            short = f'encoder.pos_conv_embed.layers.{int(m[1]) - 1}.conv.{m[2]}'
        if m := re.match(r'(context_encoder\.)?blocks\.(\d+)\.(.+)\.(weight|bias)$', short):
            layer = f'encoder.layers.{int(m[2]) + (0 if m[1] else PRENET)}'
            if m[3] == 'attn.qkv':
                for part, third in zip('qkv', np.split(array, 3), strict=True):
                    out[f'{layer}.attention.{part}_proj.{m[4]}'] = third
                continue
            short = f'{layer}.{PARTS.get(m[3], m[3])}.{m[4]}'
        out[short] = array
    return Tensors(out, tensors.path)


def config_of(tensors: Tensors, heads: int | None = None) -> dict:
    """The sizes of a network with names of `transformers`, by its tensors."""
    D = len(tensors.take('feature_projection.projection.bias', None))
    layers = 1 + max((int(m[1]) for n in tensors.arrays if (m := re.match(r'encoder\.layers\.(\d+)\.', n))), default=-1)
    convs = [len(tensors.take(f'feature_extractor.conv_layers.{i}.conv.weight', None, None, k)) for i, k in enumerate(KERNELS)]
    return {
        'hidden_size': D, 'num_hidden_layers': layers, 'num_attention_heads': heads or max(1, D // HEAD),
        'intermediate_size': len(tensors.take('encoder.layers.0.feed_forward.intermediate_dense.bias', None)),
        'conv_dim': convs, 'conv_kernel': KERNELS, 'conv_stride': STRIDES,
    }  # fmt: skip


def read_data2vec2(path: Path, state: dict, layer: int | None, normalise: str) -> Network:
    tensors = renamed(arrays_of(state, path))
    scale = tensors.take('alibi_scale', 1, 1, None, 1, 1).reshape(-1)
    config = config_of(tensors, len(scale))
    first = tensors.take('encoder.pos_conv_embed.layers.0.conv.weight', config['hidden_size'], None, None)
    config |= {
        'feat_extract_norm': 'layer', 'num_conv_pos_embedding_groups': config['hidden_size'] // first.shape[1],
        'conv_pos_kernel_size': first.shape[2],
        'num_conv_pos_embeddings': sum(n.startswith('encoder.pos_conv_embed') and n.endswith('weight') for n in tensors.arrays),
    }  # fmt: skip
    layers = config['num_hidden_layers']
    layer = check_layer(layer, layers, min(SYLBOOST_LAYER, layers))
    bias = -slopes(len(scale)) * np.maximum(scale, 0)
    make = partial(build, kind='data2vec-audio', tensors=tensors, config=config, layer=layer, normalise=normalise, alibi=bias)
    return Network(make, layer, config['hidden_size'], SHIFT, f'data2vec2 of {layers} blocks, block {layer}')


def sylboost_codebook(folder: Path, width: int) -> Codebook:
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


def read_sylboost(folder: Path, *, layer: int | None) -> Network:
    """A folder with SylBoost_*.pth, *_kmeans.npy and *_agglom.npy. The waveform is not normalised."""
    path = one_file(folder, ('.pth',))
    state = unpickled(path)
    if not isinstance(state.get('model_seg'), dict):
        raise Refused(f'{path}: expected a SylBoost checkpoint with `model_seg`, found {", ".join(map(str, list(state)[:6]))}')
    weights = {n.removeprefix('model.'): v for n, v in state['model_seg'].items()}
    if f'{AUDIO}alibi_scale' not in weights:
        raise Refused(f'{path}: expected SylBoost of data2vec2 ({AUDIO}alibi_scale), found another network; that of HuBERT is not built here')
    network = read_data2vec2(path, weights, layer, 'no')
    hz = next((hz for digits, hz in HZ.items() if digits in path.name), 5.0)
    about, codebook = f'SylBoost at {hz:g} a second, {network.about}', sylboost_codebook(folder, network.width)
    return replace(network, codebook=codebook, natural=hz, delta=DELTAS[hz], about=about)


def read_sylber(folder: Path, *, layer: int | None) -> Network:
    """A folder with sylber.ckpt: the state of a HuBERT of nine layers. The waveform is normalised as its authors do."""
    path = one_file(folder, ('.ckpt',))
    tensors = arrays_of(unpickled(path), path)
    config = config_of(tensors)
    name = 'encoder.pos_conv_embed.conv'
    direction = next(
        (f'{name}.{n}' for n in ('weight_v', 'parametrizations.weight.original1', 'weight') if f'{name}.{n}' in tensors), f'{name}.weight'
    )
    shape = tensors.take(direction, config['hidden_size'], None, None).shape
    config |= {'feat_extract_norm': 'group', 'num_conv_pos_embedding_groups': shape[0] // shape[1], 'num_conv_pos_embeddings': shape[2]}
    layers = config['num_hidden_layers']
    layer = check_layer(layer, layers, layers)
    make = partial(build, kind='hubert', tensors=tensors, config=config, layer=layer, normalise='sylber')
    return Network(make, layer, config['hidden_size'], SHIFT, f'Sylber, HuBERT of {layers} layers, layer {layer}', 'Apache-2.0 (Sylber)')
