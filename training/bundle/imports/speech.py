"""HuBERT, wav2vec2, WavLM and data2vec-audio: a folder of `transformers` -> a network. Layer 0 is what goes into the first block."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import numpy as np
import onnx

from bundle.imports.blocks import Names, Shape, block, linear_of, norm_of
from bundle.imports.files import Refused, Tensors, folder_tensors, json_file
from bundle.imports.graph import Network, WaveGraph

KINDS = {'hubert': 'hubert', 'wav2vec2': 'wav2vec2', 'wavlm': 'wavlm', 'data2vec-audio': 'data2vec_audio'}  # KIND -> prefix of its tensors
NAMES = Names(
    'attention.q_proj', 'attention.k_proj', 'attention.v_proj', 'attention.out_proj', 'layer_norm',
    'feed_forward.intermediate_dense', 'feed_forward.output_dense', 'final_layer_norm',
)  # fmt: skip
SHIFT = -80  # token i is of the 400 samples from 320 i on, so its boundary lies at 320 i + 40
NORMALISED = {  # what is done to the deviation by whom
    'transformers': {'epsilon': 1e-7}, 'fairseq': {'epsilon': 1e-5}, 'sylber': {'epsilon': 0, 'unbiased': True, 'after': 1e-5},
}  # fmt: skip
MAX_TOKENS = 3000  # of WavLM's table of distances: 60 s


def conv_stack(g: WaveGraph, wave: str, tensors: Tensors, prefix: str, config: dict) -> str:
    """wave (B, N) -> (B, C, T): convolutions, each with its norm and GELU."""
    x = g.op('Unsqueeze', wave, g.ints(1))
    inner = 1
    by_group = config.get('feat_extract_norm', 'layer') == 'group'
    for i, (C, kernel, stride) in enumerate(zip(config['conv_dim'], config['conv_kernel'], config['conv_stride'], strict=True)):
        name = f'{prefix}.{i}'
        bias = tensors.take(f'{name}.conv.bias', C) if config.get('conv_bias') else None
        x = g.conv(x, f'{name}.conv', tensors.take(f'{name}.conv.weight', C, inner, kernel), bias, stride=stride)
        if not by_group:
            x = g.channels_last(norm_of(g, g.channels_last(x), f'{name}.layer_norm', tensors, C))
        elif i == 0:  # a group for each channel: over the window
            scale, offset = (tensors.take(f'{name}.layer_norm.{which}', C) for which in ('weight', 'bias'))
            x = g.op('InstanceNormalization', x, g.put(f'{name}.scale', scale), g.put(f'{name}.offset', offset), epsilon=1e-5)
        x = g.gelu(x)
        inner = C
    return x


def weight_normed(tensors: Tensors, name: str, *shape: int) -> np.ndarray:
    """A kernel that is stored as a direction and a length for each place of it (weight norm over axis 2), or as it is."""
    for length, direction in (('weight_g', 'weight_v'), ('parametrizations.weight.original0', 'parametrizations.weight.original1')):
        if f'{name}.{length}' in tensors:
            g, v = tensors.take(f'{name}.{length}', 1, 1, shape[2]), tensors.take(f'{name}.{direction}', *shape)
            return g * v / np.sqrt((v * v).sum((0, 1), keepdims=True))
    return tensors.take(f'{name}.weight', *shape)


def position_conv(g: WaveGraph, x: str, name: str, weight: np.ndarray, bias: np.ndarray, groups: int) -> str:
    """(B, D, T) -> (B, D, T); a kernel of even length has a row too many behind, which goes."""
    kernel = weight.shape[2]
    x = g.conv(x, name, weight, bias, pads=(kernel // 2, kernel // 2), groups=groups)
    return x if kernel % 2 else g.op('Slice', x, g.ints(0), g.ints(-1), g.ints(2))


def positions(g: WaveGraph, x: str, kind: str, tensors: Tensors, config: dict) -> str:
    """(B, T, D) -> what its neighbours say of its place, (B, T, D)."""
    D, groups = config['hidden_size'], config['num_conv_pos_embedding_groups']
    y = g.channels_last(x)
    if kind != 'data2vec-audio':
        name = 'encoder.pos_conv_embed.conv'
        weight = weight_normed(tensors, name, D, D // groups, config['num_conv_pos_embeddings'])
        return g.channels_last(g.gelu(position_conv(g, y, name, weight, tensors.take(f'{name}.bias', D), groups)))
    kernel = config['conv_pos_kernel_size']
    for i in range(config['num_conv_pos_embeddings']):
        name = f'encoder.pos_conv_embed.layers.{i}.conv'
        y = position_conv(g, y, name, tensors.take(f'{name}.weight', D, D // groups, kernel), tensors.take(f'{name}.bias', D), groups)
        y = g.gelu(plain_norm(g, y, name, D))
    return g.channels_last(y)


def plain_norm(g: WaveGraph, x: str, name: str, width: int) -> str:
    """(B, width, T), normalised over its channels without weights."""
    return g.channels_last(g.layer_norm(g.channels_last(x), f'{name}.norm', np.ones(width), np.zeros(width)))


def bucket_bias(tensors: Tensors, heads: int, buckets: int, furthest: int) -> np.ndarray:
    """WavLM's bias of each distance j - i from -MAX_TOKENS on, (2 MAX_TOKENS + 1, heads)."""
    table = tensors.take('encoder.layers.0.attention.rel_attn_embed.weight', buckets, heads)
    distance = np.arange(-MAX_TOKENS, MAX_TOKENS + 1)
    half, size = buckets // 2, np.abs(distance)
    exact = half // 2
    far = np.log(np.maximum(size, 1).astype(np.float32) / exact) / math.log(furthest / exact) * (half - exact)
    of = np.where(size < exact, size, np.minimum((exact + far).astype(np.int64), half - 1))
    return table[of + half * (distance > 0)]


def gated(g: WaveGraph, rows: str, layer: str, tensors: Tensors, shape: Shape, bias: str) -> str:
    """WavLM: the bias (heads, T, T) of the distances, weighed by what each token says, (B, heads, T, T)."""
    name, H, E = f'{layer}.attention.gru_rel_pos_linear', shape.heads, shape.head
    weight, offset = tensors.take(f'{name}.weight', 8, E), tensors.take(f'{name}.bias', 8)
    of = g.matrix(g.op('Transpose', g.by_stream(rows, -1, H, E), perm=[0, 2, 1, 3]), name, weight, offset, int8=False)
    of = g.op('ReduceSum', g.op('Reshape', of, g.ints(0, 0, 0, 2, 4)), g.ints(4), keepdims=0)  # (B, H, T, 2)
    gates = g.op('Sigmoid', of)
    a, b = (g.op('Slice', gates, g.ints(k), g.ints(k + 1), g.ints(3)) for k in (0, 1))
    const = g.put(f'{layer}.const', tensors.take(f'{layer}.attention.gru_rel_pos_const', 1, H, 1, 1))
    gate = g.op('Add', g.op('Mul', a, g.op('Sub', g.op('Mul', b, const), g.const(1))), g.const(2))
    return g.op('Mul', gate, bias)


def relative_bias(g: WaveGraph, rows: str, tensors: Tensors, config: dict) -> str:
    """WavLM: (heads, T, T)."""
    table = bucket_bias(tensors, config['num_attention_heads'], config['num_buckets'], config['max_bucket_distance'])
    place = g.op('Cast', g.op('Add', g.distances(rows, config['hidden_size']), g.const(MAX_TOKENS)), to=onnx.TensorProto.INT64)
    return g.op('Transpose', g.op('Gather', g.put('distances', table), place, axis=0), perm=[2, 0, 1])


def build(int8: bool, *, kind: str, tensors: Tensors, config: dict, layer: int, normalise: str, alibi: np.ndarray | None = None) -> onnx.ModelProto:
    """The graph up to a layer.

    normalise: the window to mean 0 and variance 1 as one of NORMALISED does it, or not ('no'). alibi: for each head what a token of distance adds.
    """
    g = WaveGraph(int8)
    D, C, epsilon = config['hidden_size'], config['conv_dim'][-1], config.get('layer_norm_eps', 1e-5)
    shape = Shape(D, config['num_attention_heads'], config['intermediate_size'], epsilon, config.get('do_stable_layer_norm', False))
    wave = 'wave'
    if normalise != 'no':
        wave = g.standardised(wave, **NORMALISED[normalise])
    x = g.channels_last(conv_stack(g, wave, tensors, 'feature_extractor.conv_layers', config))
    if config.get('feat_proj_layer_norm', True):
        x = norm_of(g, x, 'feature_projection.layer_norm', tensors, C, epsilon)
    rows = linear_of(g, g.to_rows(x, C), 'feature_projection.projection', tensors, (D, C), int8=False)
    x = g.by_stream(rows, -1, D)
    x = g.to_rows(g.op('Add', x, positions(g, x, kind, tensors, config)), D)
    if not shape.norm_first:
        x = norm_of(g, x, 'encoder.layer_norm', tensors, D, epsilon)
    bias = relative_bias(g, x, tensors, config) if kind == 'wavlm' else None
    if alibi is not None:
        bias = g.op('Mul', g.op('Abs', g.distances(x, D)), g.put('alibi', alibi.reshape(-1, 1, 1)))
    for k in range(layer):
        name = f'encoder.layers.{k}'
        own = partial(gated, g, layer=name, tensors=tensors, shape=shape, bias=bias) if kind == 'wavlm' else bias
        x = block(g, x, name, tensors, shape, NAMES, own)
    if shape.norm_first and layer == config['num_hidden_layers']:
        x = norm_of(g, x, 'encoder.layer_norm', tensors, D, epsilon)
    return g.features(x, D)


def normalisation(folder: Path, asked: str) -> str:
    """Whether the waveform is normalised: as asked, or as the folder's preprocessor_config.json says."""
    if asked != 'auto':
        return {'yes': 'transformers', 'no': 'no'}[asked]
    path = folder / 'preprocessor_config.json'
    if not path.is_file():
        raise Refused(f'{path}: expected it, to know whether the waveform is normalised (do_normalize); say --normalise yes or --normalise no')
    return 'transformers' if json_file(path).get('do_normalize') else 'no'


def check_config(config: dict, kind: str, where: Path) -> None:
    """Refuses what is no network of the kind, or one with parts that are not built here."""
    if config.get('model_type') != kind:
        raise Refused(f'{where}/config.json: expected model_type {kind}, found {config.get("model_type")}; name the KIND that it is')
    strides, kernels = config.get('conv_stride', ()), config.get('conv_kernel', ())
    reach = 1 + sum((k - 1) * math.prod(strides[:i]) for i, k in enumerate(kernels))
    if math.prod(strides) != 320 or reach != 400:
        raise Refused(f'{where}/config.json: expected convolutions of 400 samples every 320, found {reach} every {math.prod(strides)}')
    for option in ('conv_pos_batch_norm', 'adapter_attn_dim', 'add_adapter'):
        if config.get(option):
            raise Refused(f'{where}/config.json: expected no {option}, found {config[option]}: it is not built here')
    for option in ('hidden_act', 'feat_extract_activation'):
        if config.get(option, 'gelu') != 'gelu':
            raise Refused(f'{where}/config.json: expected {option} gelu, found {config[option]}')


def check_layer(layer: int | None, layers: int, default: int) -> int:
    if layer is not None and not 0 <= layer <= layers:
        raise Refused(f'--layer: expected 0 to {layers} of this network, got {layer}')
    return default if layer is None else layer


def read(kind: str, folder: Path, *, layer: int | None, normalise: str) -> Network:
    """A folder of `transformers`. layer: whose features are taken; three quarters of the way up by default."""
    config = json_file(folder / 'config.json')
    check_config(config, kind, folder)
    tensors = folder_tensors(folder).within(f'{KINDS[kind]}.')
    layers = config['num_hidden_layers']
    layer = check_layer(layer, layers, round(0.75 * layers))
    make = partial(build, kind=kind, tensors=tensors, config=config, layer=layer, normalise=normalisation(folder, normalise))
    return Network(make, layer, config['hidden_size'], SHIFT, f'{kind} of {layers} layers, layer {layer}')
