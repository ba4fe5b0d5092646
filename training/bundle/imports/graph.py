"""What all imported graphs are built of. Their input is the waveform `wave` (B, N), N = 320 T + 240; their output `features` (B, T, D).

Everything up to the last layer that is wanted lies in the graph, the front end too, and what these networks normalise over an utterance is
normalised over the window. Inside the blocks a tensor has one row for each token of each stream, (B*T, width), as in onnx_graph.py; in int8
the matrices of the blocks are int8 with a scale for each column, activations with one for each row, so that no row touches another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import onnx
from safetensors.numpy import load_file

from bundle.imports.files import Refused, Tensors
from bundle.onnx_graph import Graph, model_of


@dataclass(frozen=True)
class Network:
    """A published network as an encoder: how its graph is built, and what config.json has to say of it."""

    build: partial[onnx.ModelProto]  # of int8: bool; among its keywords the tensors
    layers: int
    width: int
    shift: int  # samples that its boundary before token i lies after 320 i + 120
    about: str  # one line: what it is
    licence: str = 'unknown: see where the weights are from'
    grid: int = 1  # tokens that its windows are multiples of
    codebook: dict[str, np.ndarray] | None = None  # its own: tensors of codebook.safetensors
    natural: float = 5.0  # units a second that it was made for
    delta: float | None = None  # its authors' bound of the variance within segments (whole_cuts.py)

    def tuned(self, path: Path) -> Network:
        """The same with tensors that were taught further, of a safetensors file with the names that the network's own have."""
        own, found = self.build.keywords['tensors'], Tensors(load_file(path), path)
        for name in found.arrays:
            if name not in own:
                raise Refused(f'{path}: expected tensors of this network taught further, found {name}, which it does not have')
            found.take(name, *own.arrays[name].shape)
        return replace(self, build=partial(self.build, tensors=Tensors(own.arrays | found.arrays, path)), about=f'{self.about}, taught further')


def rounded(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A matrix (in, out) -> int8, and the scale of each column (out,)."""
    scale = np.maximum(np.abs(weight).max(0) / 127, 1e-9).astype(np.float32)
    return np.round(weight / scale).astype(np.int8), scale


class WaveGraph(Graph):
    """A graph from the waveform on. `weights`: matrices are (in, out)."""

    rounded = staticmethod(rounded)

    def __init__(self, int8: bool):
        super().__init__({}, int8)

    def put(self, name: str, array: np.ndarray) -> str:
        """A tensor of the network."""
        self.constants[name] = np.ascontiguousarray(array, np.float32)
        return name

    def matrix(self, x: str, name: str, weight: np.ndarray, bias: np.ndarray | None = None, int8: bool = True) -> str:
        """x (rows, in) times a matrix (out, in) of PyTorch's, plus the bias."""
        self.weights[f'{name}.weight'] = np.ascontiguousarray(weight.T)
        if bias is not None:
            self.weights[f'{name}.bias'] = bias
        return self.linear(x, name, int8=int8)

    def conv(self, x: str, name: str, weight: np.ndarray, bias: np.ndarray | None = None, *, stride: int = 1, pads=(0, 0), groups: int = 1) -> str:
        inputs = [x, self.put(f'{name}.weight', weight)] + ([] if bias is None else [self.put(f'{name}.bias', bias)])
        return self.op('Conv', *inputs, strides=[stride], pads=list(pads), group=groups, kernel_shape=[weight.shape[-1]])

    def layer_norm(self, x: str, name: str, scale: np.ndarray, bias: np.ndarray, epsilon: float = 1e-5) -> str:
        """Over the last axis."""
        return self.op('LayerNormalization', x, self.put(f'{name}.scale', scale), self.put(f'{name}.bias', bias), axis=-1, epsilon=epsilon)

    def channels_last(self, x: str) -> str:
        """(B, C, T) <-> (B, T, C)."""
        return self.op('Transpose', x, perm=[0, 2, 1])

    def gelu(self, x: str) -> str:
        return self.op('Gelu', x)

    def standardised(self, wave: str, *, epsilon: float, unbiased: bool = False, after: float = 0.0) -> str:
        """(B, N) -> mean 0, variance 1 over the window. epsilon: added to the variance; after: to the deviation."""
        centred = self.op('Sub', wave, self.op('ReduceMean', wave, self.ints(1)))
        variance = self.op('ReduceMean', self.op('Mul', centred, centred), self.ints(1))
        if unbiased:
            count = self.op('Cast', self.op('Slice', self.op('Shape', wave), self.ints(1), self.ints(2)), to=onnx.TensorProto.FLOAT)
            variance = self.op('Div', self.op('Mul', variance, count), self.op('Sub', count, self.const(1)))
        deviation = self.op('Sqrt', self.op('Add', variance, self.const(epsilon)))
        return self.op('Div', centred, self.op('Add', deviation, self.const(after)) if after else deviation)

    def to_rows(self, x: str, width: int) -> str:
        """(B, T, width) -> (B*T, width)."""
        self.streams, self.shapes = '', {}
        return self.by_row(x, width)

    def heads(self, rows: str, heads: int, width: int) -> str:
        """(B*T, heads*width) -> (B, heads, T, width)."""
        return self.op('Transpose', self.by_stream(rows, -1, heads, width), perm=[0, 2, 1, 3])

    def attention(self, q: str, k: str, v: str, heads: int, width: int, bias: str | None = None) -> str:
        """Rows of queries (scaled), keys and values -> rows; bias (B or 1, heads, T, T) is added to the scores."""
        q, k, v = (self.heads(x, heads, width) for x in (q, k, v))
        scores = self.op('MatMul', q, self.op('Transpose', k, perm=[0, 1, 3, 2]))
        if bias:
            scores = self.op('Add', scores, bias)
        mixed = self.op('MatMul', self.op('Softmax', scores, axis=-1), v)
        return self.op('Reshape', self.op('Transpose', mixed, perm=[0, 2, 1, 3]), self.ints(-1, heads * width))

    def distances(self, rows: str, width: int) -> str:
        """(T, T): j - i as float32, of tokens i and j; rows (B*T, width)."""
        size = self.op('Slice', self.op('Shape', self.by_stream(rows, -1, width)), self.ints(1), self.ints(2))
        count = self.op('Cast', self.op('Squeeze', size, self.ints(0)), to=onnx.TensorProto.FLOAT)
        i = self.op('Range', self.const(0), count, self.const(1))
        return self.op('Sub', self.op('Unsqueeze', i, self.ints(0)), self.op('Unsqueeze', i, self.ints(1)))

    def features(self, rows: str, width: int) -> onnx.ModelProto:
        """The finished model, whose output is these rows."""
        self.by_stream(rows, -1, width, out='features')
        return model_of(self, 'sylstream_wave', {'wave': ['B', 'N']}, {'features': ['B', 'T', width]})
