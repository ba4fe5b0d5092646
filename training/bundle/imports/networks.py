"""Networks by their tensors alone, where no settings lie beside them: fairseq's files of HuBERT and data2vec2, and what others made of these.

Tensors are named as `transformers` would name them; then they are networks of speech.py.
"""

from __future__ import annotations

import math
import re
from functools import partial
from pathlib import Path

import numpy as np

from bundle.imports.files import Refused, Tensors, arrays_of, fairseq_checkpoint
from bundle.imports.graph import Network
from bundle.imports.speech import SHIFT, build, check_layer

AUDIO = 'modality_encoders.AUDIO.'
DATA2VEC2 = (
    (f'^{re.escape(AUDIO)}', ''),
    (r'^local_encoder\.conv_layers\.(\d+)\.0\.', r'feature_extractor.conv_layers.\1.conv.'),
    (r'^local_encoder\.conv_layers\.(\d+)\.2\.1\.', r'feature_extractor.conv_layers.\1.layer_norm.'),
    (r'^project_features\.1\.', 'feature_projection.layer_norm.'),
    (r'^project_features\.2\.', 'feature_projection.projection.'),
    (r'^context_encoder\.norm\.', 'encoder.layer_norm.'),
    (r'\.attn\.proj\.', '.attention.out_proj.'),
    (r'\.norm1\.', '.layer_norm.'),
    (r'\.mlp\.fc1\.', '.feed_forward.intermediate_dense.'),
    (r'\.mlp\.fc2\.', '.feed_forward.output_dense.'),
    (r'\.norm2\.', '.final_layer_norm.'),
)
HUBERT = (
    (r'^feature_extractor\.conv_layers\.(\d+)\.0\.', r'feature_extractor.conv_layers.\1.conv.'),
    (r'^feature_extractor\.conv_layers\.(\d+)\.2\.(1\.)?', r'feature_extractor.conv_layers.\1.layer_norm.'),
    (r'^layer_norm\.', 'feature_projection.layer_norm.'),
    (r'^post_extract_proj\.', 'feature_projection.projection.'),
    (r'^encoder\.pos_conv\.0\.', 'encoder.pos_conv_embed.conv.'),
    (r'\.self_attn\.', '.attention.'),
    (r'\.self_attn_layer_norm\.', '.layer_norm.'),
    (r'\.fc1\.', '.feed_forward.intermediate_dense.'),
    (r'\.fc2\.', '.feed_forward.output_dense.'),
)
STRIDES, KERNELS = (5, 2, 2, 2, 2, 2, 2), (10, 3, 3, 3, 3, 2, 2)
HEAD = 64  # width of an attention head where nothing tells
LAYER = re.compile(r'encoder\.layers\.(\d+)\.')
POSITIONS = 'encoder.pos_conv_embed.conv'


def renamed(name: str, patterns: tuple[tuple[str, str], ...]) -> str:
    for pattern, to in patterns:
        name = re.sub(pattern, to, name)
    return name


def config_of(tensors: Tensors, heads: int | None = None) -> dict:
    """The sizes of a network with names of `transformers`."""
    D = len(tensors.take('feature_projection.projection.bias', None))
    layers = 1 + max((int(m[1]) for n in tensors.arrays if (m := LAYER.match(n))), default=-1)
    if any(n.startswith(f'feature_extractor.conv_layers.{len(KERNELS)}.') for n in tensors.arrays):
        raise Refused(f'{tensors.path}: expected {len(KERNELS)} convolutions, 400 samples every 320, found more: such a rate is not built here')
    convs = [len(tensors.take(f'feature_extractor.conv_layers.{i}.conv.weight', None, None, k)) for i, k in enumerate(KERNELS)]
    return {
        'hidden_size': D, 'num_hidden_layers': layers, 'num_attention_heads': heads or max(1, D // HEAD),
        'intermediate_size': len(tensors.take('encoder.layers.0.feed_forward.intermediate_dense.bias', None)),
        'conv_dim': convs, 'conv_kernel': KERNELS, 'conv_stride': STRIDES,
    }  # fmt: skip


def hubert_config(tensors: Tensors, said: dict | None = None) -> dict:
    """Of a HuBERT with names of `transformers`. said: fairseq's settings of the model, as far as they are there."""
    said = said or {}
    config = config_of(tensors, said.get('encoder_attention_heads'))
    stored = ('weight_v', 'parametrizations.weight.original1', 'weight')
    kernel = next((f'{POSITIONS}.{n}' for n in stored if f'{POSITIONS}.{n}' in tensors), f'{POSITIONS}.weight')
    shape = tensors.take(kernel, config['hidden_size'], None, None).shape
    by_layer = 'feature_extractor.conv_layers.1.layer_norm.weight' in tensors
    return config | {
        'feat_extract_norm': 'layer' if by_layer else 'group', 'conv_bias': 'feature_extractor.conv_layers.0.conv.bias' in tensors,
        'do_stable_layer_norm': bool(said.get('layer_norm_first', by_layer)),
        'num_conv_pos_embedding_groups': shape[0] // shape[1], 'num_conv_pos_embeddings': shape[2],
    }  # fmt: skip


def layer_of(asked: int | None, layers: int, default: int | None) -> int:
    """The layer that is asked for, else the default one, else that three quarters of the way up."""
    return check_layer(asked, layers, round(0.75 * layers) if default is None else min(default, layers))


def hubert(tensors: Tensors, *, layer: int | None, default: int | None, normalise: str, said: dict | None = None) -> Network:
    """HuBERT by its tensors, named by `transformers` or by fairseq. default: the layer where none is asked for; three quarters of the way up."""
    tensors = Tensors({renamed(n, HUBERT): a for n, a in tensors.arrays.items()}, tensors.path)
    config = hubert_config(tensors, said)
    layers = config['num_hidden_layers']
    layer = layer_of(layer, layers, default)
    make = partial(build, kind='hubert', tensors=tensors, config=config, layer=layer, normalise=normalise)
    return Network(make, layer, config['hidden_size'], SHIFT, f'hubert of {layers} layers, layer {layer}')


def slopes(heads: int) -> np.ndarray:
    """ALiBi's slopes; of a number that is no power of two, those of the power below it and every other of the power above."""
    power = 2 ** math.floor(math.log2(heads))
    own = [2 ** (-8 * (k + 1) / power) for k in range(power)]
    between = [2 ** (-8 * (k + 1) / (2 * power)) for k in range(2 * power)]
    return np.array(own + between[::2][: heads - power])


def data2vec2_names(tensors: Tensors) -> Tensors:
    """fairseq's names -> those of data2vec-audio: the blocks of the audio encoder first, then those that all modalities share."""
    own = [int(m[1]) for n in tensors.arrays if (m := re.match(rf'{re.escape(AUDIO)}context_encoder\.blocks\.(\d+)\.', n))]
    before = 1 + max(own, default=-1)
    out: dict[str, np.ndarray] = {}
    for name, array in tensors.arrays.items():
        short = renamed(name, DATA2VEC2)
        if m := re.match(r'relative_positional_encoder\.(\d+)\.0\.(.+)', short):
            short = f'encoder.pos_conv_embed.layers.{int(m[1]) - 1}.conv.{m[2]}'
        if m := re.match(r'(context_encoder\.)?blocks\.(\d+)\.(.+)', short):
            layer = f'encoder.layers.{int(m[2]) + (0 if m[1] else before)}'
            if m[3].startswith('attn.qkv.'):
                thirds = zip('qkv', np.split(array, 3), strict=True)
                out |= {f'{layer}.attention.{part}_proj.{m[3].removeprefix("attn.qkv.")}': third for part, third in thirds}
                continue
            short = f'{layer}.{m[3]}'
        out[short] = array
    return Tensors(out, tensors.path)


def data2vec2(tensors: Tensors, *, layer: int | None, default: int | None, normalise: str) -> Network:
    """data2vec2 by its tensors, named by fairseq. default: as of hubert()."""
    tensors = data2vec2_names(tensors)
    scale = tensors.take('alibi_scale', 1, 1, None, 1, 1).reshape(-1)
    config = config_of(tensors, len(scale) if len(scale) > 1 else None)
    heads = config['num_attention_heads']
    first = tensors.take('encoder.pos_conv_embed.layers.0.conv.weight', config['hidden_size'], None, None)
    config |= {
        'feat_extract_norm': 'layer', 'num_conv_pos_embedding_groups': config['hidden_size'] // first.shape[1],
        'conv_pos_kernel_size': first.shape[2],
        'num_conv_pos_embeddings': sum(n.startswith('encoder.pos_conv_embed') and n.endswith('weight') for n in tensors.arrays),
    }  # fmt: skip
    layers = config['num_hidden_layers']
    layer = layer_of(layer, layers, default)
    bias = -slopes(heads) * np.maximum(scale, 0)
    make = partial(build, kind='data2vec-audio', tensors=tensors, config=config, layer=layer, normalise=normalise, alibi=bias)
    return Network(make, layer, config['hidden_size'], SHIFT, f'data2vec2 of {layers} blocks, block {layer}')


def is_data2vec2(tensors: Tensors) -> bool:
    return f'{AUDIO}alibi_scale' in tensors


def is_hubert(tensors: Tensors) -> bool:
    """By fairseq's names or those of `transformers`."""
    return all(any(f'{n}.bias' in tensors for n in names) for names in (('encoder.pos_conv.0', POSITIONS), ('encoder.layer_norm',)))


def normalisation(cfg: dict, asked: str, path: Path) -> str:
    """Whether the waveform is normalised: as asked, or as the settings in the checkpoint say."""
    if asked != 'auto':
        return {'yes': 'fairseq', 'no': 'no'}[asked]
    said = (cfg.get('task') or {}).get('normalize')
    if said is None:
        raise Refused(f'{path}: expected cfg.task.normalize, to know whether the waveform is normalised; say --normalise yes or --normalise no')
    return 'fairseq' if said else 'no'


def read_fairseq(kind: str, path: Path, *, layer: int | None, normalise: str) -> Network:
    """A checkpoint of fairseq. kind: 'hubert' or 'data2vec2'."""
    state, cfg = fairseq_checkpoint(path)
    tensors = arrays_of(state, path).within('w2v_encoder.w2v_model.')
    found = {'hubert': is_hubert, 'data2vec2': is_data2vec2}
    if not found[kind](tensors):
        others = ', '.join(k for k in found if found[k](tensors)) or f'tensors {", ".join(sorted(tensors.arrays)[:3])}, ...'
        raise Refused(f'{path}: expected the tensors of a {kind} of fairseq, found {others}; name the KIND that it is')
    options = {'layer': layer, 'default': None, 'normalise': normalisation(cfg, normalise, path)}
    return data2vec2(tensors, **options) if kind == 'data2vec2' else hubert(tensors, **options, said=cfg.get('model') or {})
