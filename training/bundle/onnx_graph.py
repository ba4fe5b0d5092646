"""Builds the encoder's ONNX graphs by hand: a step on a cache, or a whole window, in fp32 or with int8 weights.

Written out with onnx.helper, so that names, shapes and arithmetic are exactly those of docs/bundle.md and nothing depends on an exporter's version.
int8: weights per output column; activations per *row* (absmax / 127, stored as uint8 with zero point 128), so that no row of a batch
touches another. The embedding and the heads stay fp32: 3 % of the work, and the numbers that decisions are made from.

Processors without VNNI multiply uint8 by int8 in pairs and add the two products in 16 bits, where 255 * 127 * 2 does not fit; the sum is then cut
off without a word. So the magnitudes of two neighbouring weights of a column add up to at most 128 here (255 * 128 < 2^15): config.json says
`boundedSums`, and the runtime need not ask for the slower exact product.

Inside the blocks every tensor has one row for each token of each stream, (B*c, width): that is what quantising by rows wants, and it saves nodes.
Of a network of two phases both are rows of one batch: first all streams in the one, then all in the other (P*B streams inside).
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from model.encoder import HIDDEN, EncoderConfig
from model.engine import onnxruntime
from segment.stand_ins import OUTPUTS

OPSET, IR_VERSION = 20, 10
EXTERNAL_BYTES = 4096  # tensors of at least this size go to weights.bin
HALF = '.half'  # ends the name of a tensor that is stored as halves


def flat_weights(cfg: EncoderConfig, state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The network's tensors as the graphs use them: matrices (in, out), and 1/sqrt(head width) folded into the queries."""
    weights = {}
    for name, value in state.items():
        if name.startswith('phones.'):
            continue
        scale = cfg.head_width**-0.5 if '.query.' in name else 1.0
        weights[name] = np.ascontiguousarray((value.T if value.ndim == 2 else value) * np.float32(scale), dtype=np.float32)
    return weights


def unflatten_weights(cfg: EncoderConfig, weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The inverse of flat_weights: tensors for Encoder.load_state_dict, without the phone head."""
    scale = cfg.head_width**0.5
    return {n: (w.T if w.ndim == 2 else w) * np.float32(scale if '.query.' in n else 1.0) for n, w in weights.items()}


class Graph:
    """Collects nodes and constants; `op` returns the name of the new tensor."""

    def __init__(self, weights: dict[str, np.ndarray], int8: bool):
        self.weights, self.int8 = weights, int8
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}
        self.rows: dict[str, tuple[str, str]] = {}  # activations already quantised
        self.streams = ''  # B, of by_row
        self.shapes: dict[tuple[int, ...], str] = {}  # of by_stream

    def op(self, kind: str, *inputs: str, out: str | None = None, **attributes) -> str:
        name = out or f'{kind.lower()}_{len(self.nodes)}'
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def const(self, value, dtype=np.float32) -> str:
        array = np.asarray(value, dtype)
        name = f'c_{array.dtype}_{"_".join(map(str, array.shape))}_{zlib.crc32(array.tobytes()):08x}'
        self.constants[name] = array
        return name

    def ints(self, *values: int) -> str:
        return self.const(values, np.int64)

    def weight(self, name: str) -> str:
        self.constants[name] = self.weights[name]
        return name

    def linear(self, x: str, name: str, int8: bool = False, out: str | None = None) -> str:
        """x times the weights, plus the bias if there is one; in int8 x has rows, (B*c, width)."""
        bias = f'{name}.bias' in self.weights
        if not (int8 and self.int8):
            y = self.op('MatMul', x, self.weight(f'{name}.weight'), out=None if bias else out)
            return self.op('Add', y, self.weight(f'{name}.bias'), out=out) if bias else y
        weight, scale = self.rounded(self.weights[f'{name}.weight'])
        self.constants[f'{name}.weight_q'], self.constants[f'{name}.scale'] = weight, scale
        quantised, row_scale = self.quantise_rows(x)
        y = self.op('MatMulInteger', quantised, f'{name}.weight_q', self.const(128, np.uint8))
        y = self.op('DequantizeLinear', y, row_scale, axis=0)
        y = self.op('Mul', y, f'{name}.scale', out=None if bias else out)
        return self.op('Add', y, self.weight(f'{name}.bias'), out=out) if bias else y

    def rounded(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A matrix (in, out) -> int8, and the scale of each column (out,)."""
        return bounded(weight)

    def quantise_rows(self, x: str) -> tuple[str, str]:
        """x (rows, width) in uint8 around 128, and the scale of each row (rows,)."""
        if x not in self.rows:
            top = self.op('ReduceMax', self.op('Abs', x), self.ints(1), keepdims=0)
            scale = self.op('Mul', self.op('Max', top, self.const(1e-6)), self.const(1 / 127))
            middle = self.op('Expand', self.const(128, np.uint8), self.op('Shape', scale))
            self.rows[x] = (self.op('QuantizeLinear', x, scale, middle, axis=0), scale)
        return self.rows[x]

    def by_stream(self, rows: str, *tail: int, out: str | None = None) -> str:
        """(B*c, width) -> (B, *tail); -1 once in tail for what is left."""
        if tail not in self.shapes:
            self.shapes[tail] = self.op('Concat', self.streams, self.ints(*tail), axis=0)
        return self.op('Reshape', rows, self.shapes[tail], out=out)

    def by_row(self, x: str, width: int) -> str:
        """(B, ..., width) -> (B*..., width), and how many streams there are is remembered from it."""
        if not self.streams:
            self.streams = self.op('Slice', self.op('Shape', x), self.ints(0), self.ints(1))
        return self.op('Reshape', x, self.ints(-1, width))

    def halves(self, x: str) -> list[str]:
        """Both halves of the first axis."""
        names = [f'split_{len(self.nodes)}_{k}' for k in range(2)]
        self.nodes.append(helper.make_node('Split', [x], names, axis=0, num_outputs=2))
        return names

    def norm(self, x: str, name: str) -> str:
        return self.op('LayerNormalization', x, self.weight(f'{name}.weight'), self.weight(f'{name}.bias'), axis=-1, epsilon=1e-5)


def bounded(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A matrix (in, out) -> int8, and the scale of each column (out,): neighbours in a column add up to at most 128 in magnitude."""
    size = np.abs(np.pad(weight, ((0, len(weight) % 2), (0, 0))))
    pairs = (size[0::2] + size[1::2]).max(0)
    scale = np.maximum(np.maximum(pairs, size.max(0)) / 127, 1e-9).astype(np.float32)  # two roundings add 1 at most: 127 + 1
    return np.round(weight / scale).astype(np.int8), scale


def hidden_where(g: Graph, seen: str) -> str:
    return g.op('Where', seen, g.const(0), g.const(HIDDEN))


def attention_rows(g: Graph, bias: str) -> str:
    """(B, c, H, S) -> (B, c*H, S)."""
    total = g.op('Unsqueeze', g.op('Gather', g.op('Shape', bias), g.const(3, np.int64)), g.ints(0))
    return g.op('Reshape', bias, g.op('Concat', g.ints(0, -1), total, axis=0))


def step_bias(g: Graph, cfg: EncoderConfig) -> str:
    """Additive bias (B, c*H, W + c) from token_mask (B, c) and past_age (B, W): see encoder.step_bias."""
    slopes = g.const(-np.array(cfg.slopes, np.float32)[None, None, :, None])
    count = g.op('Gather', g.op('Shape', 'token_mask'), g.const(1, np.int64))
    i = g.op('Range', g.const(0), g.op('Cast', count, to=TensorProto.FLOAT), g.const(1))
    age = g.op('Unsqueeze', 'past_age', g.ints(1, 2))  # (B, 1, 1, W)
    back = g.op('Add', age, g.op('Unsqueeze', i, g.ints(0, 2, 3)))  # (B, c, 1, W)
    old = g.op('Mul', back, slopes)  # (B, c, H, W)
    seen = g.op('Greater', age, g.const(0))
    if cfg.causal:
        seen = g.op('And', seen, g.op('LessOrEqual', back, g.const(cfg.window_tokens)))
    old = g.op('Add', old, hidden_where(g, seen))
    distance = g.op('Abs', g.op('Sub', g.op('Unsqueeze', i, g.ints(1)), i))  # (c, c)
    new = g.op('Mul', g.op('Unsqueeze', distance, g.ints(0, 2)), slopes)  # (1, c, H, c)
    mask = g.op('Unsqueeze', 'token_mask', g.ints(1, 2))  # (B, 1, 1, c)
    seen = g.op('Greater', mask, g.const(0))
    if cfg.causal:
        rows, columns = g.op('Unsqueeze', i, g.ints(0, 2, 3)), g.op('Unsqueeze', i, g.ints(0, 1, 2))
        seen = g.op('And', seen, g.op('GreaterOrEqual', rows, columns))  # (B, c, 1, c)
    new = g.op('Add', new, hidden_where(g, seen))
    return attention_rows(g, g.op('Concat', old, new, axis=-1))


def window_bias(g: Graph, cfg: EncoderConfig) -> str:
    """Additive bias (B, T*H, T) of the chunk-causal mask over a whole window: see encoder.whole_bias."""
    chunk = g.const(cfg.chunk_tokens)
    slopes = g.const(-np.array(cfg.slopes, np.float32)[None, None, :, None])
    size = g.op('Gather', g.op('Shape', 'token_mask'), g.const(1, np.int64))
    i = g.op('Range', g.const(0), g.op('Cast', size, to=TensorProto.FLOAT), g.const(1))  # (T,)
    count = g.op('ReduceSum', 'token_mask', g.ints(-1), keepdims=1)  # (B, 1)
    if cfg.causal:
        back = g.op('Unsqueeze', g.op('Sub', g.op('Unsqueeze', i, g.ints(1)), i), g.ints(0))  # (1, T, T)
        seen = g.op('And', g.op('GreaterOrEqual', back, g.const(0)), g.op('LessOrEqual', back, g.const(cfg.window_tokens)))
    else:
        of = g.op('Min', g.op('Floor', g.op('Div', i, chunk)), g.op('Floor', g.op('Div', count, chunk)))  # (B, T)
        rows, columns = g.op('Unsqueeze', of, g.ints(2)), g.op('Unsqueeze', of, g.ints(1))
        first = g.op('Sub', g.op('Mul', rows, chunk), g.const(cfg.window_tokens))  # (B, T, 1): the oldest token seen
        seen = g.op('And', g.op('LessOrEqual', columns, rows), g.op('GreaterOrEqual', i, first))
    seen = g.op('And', seen, g.op('Greater', g.op('Unsqueeze', 'token_mask', g.ints(1)), g.const(0)))  # (B, T, T)
    distance = g.op('Abs', g.op('Sub', g.op('Unsqueeze', i, g.ints(1)), i))
    alibi = g.op('Mul', g.op('Unsqueeze', distance, g.ints(0, 2)), slopes)  # (1, T, H, T)
    bias = g.op('Add', alibi, g.op('Unsqueeze', hidden_where(g, seen), g.ints(2)))  # (B, T, H, T)
    shape = g.op('Concat', g.ints(0, -1), g.op('Unsqueeze', size, g.ints(0)), axis=0)
    return g.op('Reshape', bias, shape)


def both_phases(g: Graph, cfg: EncoderConfig, *parts: str) -> str:
    """One tensor for each phase -> (P*B, ...); one for all is repeated."""
    parts = parts * cfg.phases if len(parts) == 1 else parts
    return parts[0] if len(parts) == 1 else g.op('Concat', *parts, axis=0)


def block(g: Graph, cfg: EncoderConfig, layer: int, x: str, bias: str, past: tuple[str, str] | None) -> tuple[str, str]:
    """One transformer block over rows (P*B*c, width); returns its output and the new keys and values (P*B, c, 2V)."""
    name, E = f'blocks.{layer}', cfg.head_width
    h = g.norm(x, f'{name}.norm1')
    q = g.by_stream(g.linear(h, f'{name}.query', int8=True), -1, E)  # (B, c*H, E)
    kv = g.by_stream(g.linear(h, f'{name}.key_value', int8=True), -1, 2 * E)  # (B, c, 2E)
    keys = g.op('Slice', kv, g.ints(0), g.ints(E), g.ints(2))
    values = g.op('Slice', kv, g.ints(E), g.ints(2 * E), g.ints(2))
    if past is not None:
        keys, values = g.op('Concat', past[0], keys, axis=1), g.op('Concat', past[1], values, axis=1)  # (B, S, E)
    scores = g.op('MatMul', q, g.op('Transpose', keys, perm=[0, 2, 1]))  # (B, c*H, S)
    a = g.op('MatMul', g.op('Softmax', g.op('Add', scores, bias), axis=-1), values)  # (B, c*H, E)
    a = g.by_row(a, cfg.heads * E)  # (B*c, H*E)
    x = g.op('Add', x, g.linear(a, f'{name}.out', int8=True))
    up = g.op('Gelu', g.linear(g.norm(x, f'{name}.norm2'), f'{name}.up', int8=True), approximate='tanh')
    return g.op('Add', x, g.linear(up, f'{name}.down', int8=True)), kv


def stem(g: Graph, cfg: EncoderConfig) -> str:
    """What the embedding of each token hears, (P*B, c, stem frames * bins): the repeated frames once more for every token that needs them."""
    pair, half, end = cfg.frames_per_token * cfg.mel_bins, cfg.frames_per_token // 2, 2**31 - 1
    mel = 'mel'
    if cfg.phases == 2:
        mel = g.op('Concat', *[g.op('Slice', mel, g.ints(2 * half - k), g.ints(-k if k else end), g.ints(1)) for k in (0, half)], axis=0)
    pairs = g.op('Reshape', mel, g.ints(0, -1, pair))  # (P*B, more + c, 2 * bins)
    more = cfg.stem_frames // cfg.frames_per_token - 1
    if not more:
        return pairs
    parts = [g.op('Slice', pairs, g.ints(k), g.ints(k - more if k < more else end), g.ints(1)) for k in range(more + 1)]
    return g.op('Concat', *parts, axis=2)


def layer_present(g: Graph, kv: str, width: int) -> str:
    """A layer's part of `present`: new keys and values (B, c, 2V) -> (B, 1, 2, c, V)."""
    pair = g.op('Transpose', g.op('Reshape', kv, g.ints(0, 0, 2, width)), perm=[0, 2, 1, 3])
    return g.op('Unsqueeze', pair, g.ints(1))


def past_of(g: Graph, cfg: EncoderConfig, layer: int) -> tuple[str, str]:
    """Cached keys and values of a layer, (P*B, W, V) each."""
    keys, values = (both_phases(g, cfg, *[f'past_{which}_{k}' for k in range(layer, cfg.caches, cfg.layers)]) for which in 'kv')
    return keys, values


def mean_of_phases(g: Graph, cfg: EncoderConfig, rows: str) -> str:
    """(P*B*c, width) -> (B*c, width); how many streams there are is found anew."""
    if cfg.phases == 1:
        return rows
    g.streams, g.shapes = g.op('Slice', g.op('Shape', 'token_mask'), g.ints(0), g.ints(1)), {}
    return g.op('Mul', g.op('Add', *g.halves(rows)), g.const(0.5))


def model_of(g: Graph, name: str, inputs: dict[str, list], outputs: dict[str, list], integers: tuple[str, ...] = ()) -> onnx.ModelProto:
    """The finished model, checked. inputs, outputs: name -> shape; all are float32 but the inputs named in `integers`, which are int64."""
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        g.nodes,
        name,
        [info(n, TensorProto.INT64 if n in integers else TensorProto.FLOAT, shape) for n, shape in inputs.items()],
        [info(n, TensorProto.FLOAT, shape) for n, shape in outputs.items()],
        [numpy_helper.from_array(value, n) for n, value in g.constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', OPSET)], producer_name='sylstream')
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    return model


def build(cfg: EncoderConfig, weights: dict[str, np.ndarray], kind: str, int8: bool = False, heads: tuple[str, ...] = OUTPUTS) -> onnx.ModelProto:
    """kind 'step' or 'window'; weights from flat_weights; heads: the outputs besides `present`. Returns a model with all weights inside."""
    g = Graph(weights, int8)
    step = kind == 'step'
    bias = step_bias(g, cfg) if step else window_bias(g, cfg)
    bias = both_phases(g, cfg, bias)
    x = g.linear(g.by_row(stem(g, cfg), cfg.stem_frames * cfg.mel_bins), 'embed')
    fresh = []  # new keys and values of each layer, (P*B, c, 2V)
    for layer in range(cfg.layers):
        x, kv = block(g, cfg, layer, x, bias, past_of(g, cfg, layer) if step else None)
        fresh.append(g.halves(kv) if cfg.phases == 2 else [kv])
    h = mean_of_phases(g, cfg, g.norm(x, 'norm'))
    g.by_stream(g.linear(h, 'features'), -1, cfg.feature_width, out='features')
    events = g.by_stream(g.linear(h, 'events'), -1, 2) if len(heads) > 1 else ''  # (B, c, 2)
    for k, name in enumerate(('boundary', 'speech')):
        if name in heads:
            g.op('Gather', events, g.const(k, np.int64), axis=2, out=name)
    if step:
        g.op('Concat', *[layer_present(g, layer[phase], cfg.head_width) for phase in range(cfg.phases) for layer in fresh], axis=1, out='present')
    t, frames = ('c', 'frames') if step else ('T', 'frames')
    W, V, D = cfg.window_tokens, cfg.head_width, cfg.feature_width
    inputs = {'mel': ['B', frames, cfg.mel_bins], 'token_mask': ['B', t]}
    outputs = {name: ['B', t, D] if name == 'features' else ['B', t] for name in OUTPUTS if name in heads}
    if step:
        inputs['past_age'] = ['B', W]
        for which in 'kv':
            inputs |= {f'past_{which}_{layer}': ['B', W, V] for layer in range(cfg.caches)}
        outputs['present'] = ['B', cfg.caches, 2, t, V]
    return model_of(g, f'sylstream_{kind}', inputs, outputs)


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Large float32 tensors as halves, made float32 again when the model is loaded: the same graph at half the size."""
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and len(tensor.raw_data) >= EXTERNAL_BYTES:
            name = tensor.name
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f'{name}{HALF}'))
            casts.append(helper.make_node('Cast', [f'{name}{HALF}'], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return model


def weights_in(path: Path) -> dict[str, np.ndarray]:
    """The tensors of a model that was saved, float32 where they are halves."""
    arrays = {t.name: numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    return {n.removesuffix(HALF): a.astype(np.float32) if n.endswith(HALF) else a for n, a in arrays.items()}


def save_shared(models: dict[str, onnx.ModelProto], folder: Path) -> None:
    """Writes fp32 models whose large tensors lie once in weights.bin, 64-byte aligned."""
    blob, places = bytearray(), {}
    for model in models.values():
        for tensor in model.graph.initializer:
            raw = numpy_helper.to_array(tensor).tobytes()
            if len(raw) < EXTERNAL_BYTES:
                continue
            if tensor.name not in places:
                blob.extend(b'\0' * (-len(blob) % 64))
                places[tensor.name] = (len(blob), len(raw))
                blob.extend(raw)
            offset, length = places[tensor.name]
            tensor.ClearField('raw_data')
            tensor.data_location = TensorProto.EXTERNAL
            del tensor.external_data[:]
            for key, value in {'location': 'weights.bin', 'offset': offset, 'length': length}.items():
                tensor.external_data.add(key=key, value=str(value))
    (folder / 'weights.bin').write_bytes(bytes(blob))
    for name, model in models.items():
        (folder / f'{name}.onnx').write_bytes(model.SerializeToString())


def session_of(path: Path) -> onnxruntime.InferenceSession:
    """A session of one thread, with the runtime's own products of uint8 and int8: exact on x64 without VNNI too (src/models/inference/onnx.ts)."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry('session.x64quantprecision', '1')
    return onnxruntime.InferenceSession(str(path), options)
