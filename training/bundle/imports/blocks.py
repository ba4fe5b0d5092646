"""Transformer blocks, as all these networks have them: norms before or after, with names of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bundle.imports.files import Tensors
from bundle.imports.graph import WaveGraph


@dataclass(frozen=True)
class Names:
    """What a family calls the parts of a block."""

    query: str
    key: str
    value: str
    out: str
    norm1: str
    up: str
    down: str
    norm2: str


FAIRSEQ = Names(
    'self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj', 'self_attn.out_proj', 'self_attn_layer_norm', 'fc1', 'fc2', 'final_layer_norm'
)


@dataclass(frozen=True)
class Shape:
    """Sizes of a block."""

    width: int
    heads: int
    ffn: int
    epsilon: float = 1e-5
    norm_first: bool = False

    @property
    def head(self) -> int:
        return self.width // self.heads


def norm_of(g: WaveGraph, x: str, name: str, tensors: Tensors, width: int, epsilon: float = 1e-5) -> str:
    return g.layer_norm(x, name, tensors.take(f'{name}.weight', width), tensors.take(f'{name}.bias', width), epsilon)


def linear_of(g: WaveGraph, x: str, name: str, tensors: Tensors, sizes: tuple[int, int], *, scale: float = 1.0, int8: bool = True) -> str:
    """x times the layer `name` (out, in); its bias, if it has one, is added."""
    bias = f'{name}.bias'
    weight = tensors.take(f'{name}.weight', *sizes) * np.float32(scale)
    return g.matrix(x, name, weight, tensors.take(bias, sizes[0]) * np.float32(scale) if bias in tensors else None, int8)


def attended(g: WaveGraph, x: str, prefix: str, tensors: Tensors, shape: Shape, names: Names, bias: str | None) -> str:
    D = shape.width
    q = linear_of(g, x, f'{prefix}.{names.query}', tensors, (D, D), scale=shape.head**-0.5)
    k = linear_of(g, x, f'{prefix}.{names.key}', tensors, (D, D))
    v = linear_of(g, x, f'{prefix}.{names.value}', tensors, (D, D))
    return linear_of(g, g.attention(q, k, v, shape.heads, shape.head, bias), f'{prefix}.{names.out}', tensors, (D, D))


def block(g: WaveGraph, x: str, prefix: str, tensors: Tensors, shape: Shape, names: Names, bias=None) -> str:
    """Rows -> rows. bias: what is added to the scores, or a function of the attention's input that makes it."""
    D = shape.width

    def normed(y: str, name: str) -> str:
        return norm_of(g, y, f'{prefix}.{name}', tensors, D, shape.epsilon)

    def fed(y: str) -> str:
        up = g.gelu(linear_of(g, y, f'{prefix}.{names.up}', tensors, (shape.ffn, D)))
        return linear_of(g, up, f'{prefix}.{names.down}', tensors, (D, shape.ffn))

    y = normed(x, names.norm1) if shape.norm_first else x
    x = g.op('Add', x, attended(g, y, prefix, tensors, shape, names, bias(y) if callable(bias) else bias))
    if shape.norm_first:
        return g.op('Add', x, fed(normed(x, names.norm2)))
    x = normed(x, names.norm1)
    return normed(g.op('Add', x, fed(x)), names.norm2)
