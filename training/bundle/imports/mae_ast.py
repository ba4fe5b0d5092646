"""MAE-AST, of frames or of patches: the encoder of a fairseq checkpoint, Kaldi's log-mel inside the graph.

A token of the frame model is two frames of log-mel: our own tokens. A patch is 16 frames of 16 bins; the eight of one time are averaged, and
stand for the eight tokens of 160 ms. What is left over at a window's end is filled up with the mean.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import numpy as np
import onnx

from bundle.imports.blocks import FAIRSEQ, Shape, block, linear_of, norm_of
from bundle.imports.files import Refused, Tensors, arrays_of, fairseq_checkpoint, one_file
from bundle.imports.graph import Network, WaveGraph
from bundle.imports.speech import check_layer
from data.mel import FLOOR, front

HEAD = 64  # width of an attention head of the published models
BINS, PATCH = 128, 16
MAX_PLACES = 1600  # of the sinusoids: windows are at most 30 s


def kaldi_mel(g: WaveGraph) -> str:
    """wave (B, N) -> (B, F, 128): data/mel.py's log-mel, everything before the power as one convolution."""
    window, bank = (part.numpy().astype(np.float64) for part in front())
    size = len(window)
    centred = np.eye(size) - 1 / size
    emphasis = np.eye(size) - 0.97 * np.eye(size, k=-1)
    emphasis[0, 0] = 1 - 0.97
    phase = 2 * np.pi * np.outer(np.arange(257), np.arange(size)) / 512
    kernels = np.concatenate([np.cos(phase), -np.sin(phase)]) @ (window[:, None] * (emphasis @ centred))
    x = g.conv(g.op('Unsqueeze', 'wave', g.ints(1)), 'fourier', kernels[:, None], stride=160)
    x = g.op('Mul', x, x)
    power = g.op('Add', *(g.op('Slice', x, g.ints(k * 257), g.ints((k + 1) * 257), g.ints(1)) for k in range(2)))
    mel = g.op('MatMul', g.channels_last(power), g.put('mel', bank))
    return g.op('Log', g.op('Max', mel, g.const(np.exp(FLOOR))))


def patches(g: WaveGraph, mel: str) -> str:
    """(B, F, 128) -> (B, 8 S, 256): S times of 8 patches, low bins first."""
    frames = g.op('Slice', g.op('Shape', mel), g.ints(1), g.ints(2))
    missing = g.op('Mod', g.op('Sub', g.ints(PATCH), g.op('Mod', frames, g.ints(PATCH))), g.ints(PATCH))
    mel = g.op('Pad', mel, g.op('Concat', g.ints(0, 0, 0, 0), missing, g.ints(0), axis=0))
    x = g.op('Reshape', mel, g.ints(0, -1, PATCH, BINS // PATCH, PATCH))
    return g.op('Reshape', g.op('Transpose', x, perm=[0, 1, 3, 2, 4]), g.ints(0, -1, PATCH * PATCH))


def build(int8: bool, *, of: str, tensors: Tensors, layer: int, shape: Shape) -> onnx.ModelProto:
    g, D = WaveGraph(int8), shape.width
    mean, variance = (float(tensors.take(f'batch_norm.running_{which}', 1)[0]) for which in ('mean', 'var'))
    mel = kaldi_mel(g)
    x = g.op('Mul', g.op('Sub', mel, g.const(mean)), g.const(0.5 / np.sqrt(variance + 1e-5)))
    x = patches(g, x) if of == 'patch' else g.op('Reshape', x, g.ints(0, -1, 2 * BINS))
    x = g.by_stream(linear_of(g, g.to_rows(x, 256), 'post_extract_proj', tensors, (D, 256), int8=False), -1, D)
    if 'enc_sine_pos_embed.pe' in tensors:
        places = g.put('places', tensors.take('enc_sine_pos_embed.pe', 1, None, D)[0, :MAX_PLACES])
        count = g.op('Slice', g.op('Shape', x), g.ints(1), g.ints(2))
        x = g.op('Add', x, g.op('Slice', places, g.ints(0), count, g.ints(0)))
    x = norm_of(g, g.to_rows(x, D), 'encoder.layer_norm', tensors, D)
    for k in range(layer):
        x = block(g, x, f'encoder.layers.{k}', tensors, shape, FAIRSEQ)
    if of == 'patch':
        times = g.op('ReduceMean', g.by_stream(x, -1, BINS // PATCH, D), g.ints(2), keepdims=1)  # (B, S, 1, D)
        each = g.op('Concat', g.op('Slice', g.op('Shape', times), g.ints(0), g.ints(2)), g.ints(8, D), axis=0)
        frames = g.op('Slice', g.op('Shape', mel), g.ints(1), g.ints(2))
        all_tokens = g.op('Reshape', g.op('Expand', times, each), g.ints(0, -1, D))
        x = g.to_rows(g.op('Slice', all_tokens, g.ints(0), g.op('Div', frames, g.ints(2)), g.ints(1)), D)
    return g.features(x, D)


def read(of: str, folder: Path, *, layer: int | None) -> Network:
    """A checkpoint (or the folder that it is in). of: 'frame' or 'patch'."""
    path = one_file(folder, ('.pt',))
    tensors = arrays_of(fairseq_checkpoint(path)[0], path)
    if 'enc_conv_pos_embed.pos_conv.0.weight_g' in tensors:
        raise Refused(f'{path}: expected sinusoids for places, found a convolution (enc_conv_pos): it is not built here')
    D, ffn = len(tensors.take('post_extract_proj.bias', None)), len(tensors.take('encoder.layers.0.fc1.bias', None))
    layers = 1 + max(int(m[1]) for n in tensors.arrays if (m := re.match(r'encoder\.layers\.(\d+)\.', n)))
    layer = check_layer(layer, layers, layers)
    make = partial(build, of=of, tensors=tensors, layer=layer, shape=Shape(D, max(1, D // HEAD), ffn))
    grid = 8 if of == 'patch' else 1
    return Network(make, layer, D, 0, f'MAE-AST of {of}s, {layers} layers, layer {layer}', grid=grid)
