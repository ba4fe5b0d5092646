"""A classification head for the runtime (docs/head.md): ONNX, a description, golden vectors.

    python -m bundle.classifier --random --bundle ../test/fixtures/tiny --out ../test/fixtures/tiny-head       seeded random weights, for tests

recipes/finetune/train.py --export writes heads that were taught.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file
from torch import nn

from bundle.onnx_graph import IR_VERSION, OPSET
from bundle.outputs import outputs_of
from data.mel import log_mel, normalise, read_audio

TOKEN_MS = 20


def encoder_hash(bundle: Path) -> str:
    """SHA-256 of a bundle's int8 step model: what says that features are the same, whatever else the bundle has."""
    return json.loads((bundle / 'manifest.json').read_text())['files']['onnx/step_int8.onnx']['sha256']


def head_graph(head: nn.Sequential, width: int, classes: int) -> onnx.ModelProto:
    """pooled (B, D) -> probabilities (B, C)."""
    nodes, constants, x = [], [], 'pooled'
    for k, layer in enumerate(head):
        if isinstance(layer, nn.Linear):
            for name, value in (('weight', layer.weight.detach().numpy().T), ('bias', layer.bias.detach().numpy())):
                constants.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), f'{name}_{k}'))
            nodes.append(helper.make_node('MatMul', [x, f'weight_{k}'], [f'product_{k}']))
            nodes.append(helper.make_node('Add', [f'product_{k}', f'bias_{k}'], [f'layer_{k}']))
        else:
            nodes.append(helper.make_node('Gelu', [x], [f'layer_{k}'], approximate='tanh'))
        x = f'layer_{k}'
    nodes.append(helper.make_node('Softmax', [x], ['probabilities'], axis=-1))
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        'sylstream_head',
        [info('pooled', TensorProto.FLOAT, ['B', width])],
        [info('probabilities', TensorProto.FLOAT, ['B', classes])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', OPSET)], producer_name='sylstream')
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model)
    return model


def windows_of(tokens: int, window: int, hop: int) -> list[tuple[int, int]]:
    """The windows of a whole recording, [start, end) in tokens: one every `hop` from the first whole one on, and one at the very end."""
    ends = list(range(window, tokens + 1, hop))
    if tokens and (not ends or ends[-1] < tokens):
        ends.append(tokens)
    return [(max(0, end - window), end) for end in ends]


def speech_windows(out: dict[str, np.ndarray], window: int, hop: int, least: int | None) -> tuple[np.ndarray, np.ndarray]:
    """The windows (n, 2) of a recording in which a head says something, and their pooled features (n, D).

    least: only tokens that are speech are averaged, and windows with fewer of them are left out; None: all tokens are.
    """
    features, speech = out['features'].astype(np.float64), out['speech'] >= 0 if least else np.ones(len(out['features']), bool)
    windows = [(a, b) for a, b in windows_of(len(features), window, hop) if speech[a:b].sum() >= min(window, least or 1)]
    pooled = [features[a:b][speech[a:b]].mean(0) for a, b in windows]
    return np.array(windows, np.int32).reshape(-1, 2), np.array(pooled, np.float32).reshape(-1, features.shape[1])


def golden_of(bundle: Path, head: nn.Sequential, window: int, hop: int, least: int | None) -> dict[str, np.ndarray]:
    """What the bundle's own recording gives with its int8 step model: windows, pooled features, probabilities."""
    mel = json.loads((bundle / 'config.json').read_text())['mel']
    x = normalise(log_mel(read_audio(bundle / 'golden/speech.wav')), mel['mean'], mel['std'])
    windows, pooled = speech_windows(outputs_of(bundle, 'int8', False)(x), window, hop, least)
    with torch.no_grad():
        said = head(torch.from_numpy(pooled)).softmax(1).numpy()
    return {'windows': windows, 'pooled': pooled, 'probabilities': np.ascontiguousarray(said)}


def export_head(
    folder: Path,
    head: nn.Sequential,
    labels: list[str],
    bundle: Path,
    window_ms: int,
    hop_ms: int,
    metrics: dict,
    name: str | None = None,
    min_speech_ms: int | None = None,
) -> None:
    """Writes head.onnx, golden.safetensors and head.json. Raises ValueError for a duration that is no whole number of tokens."""
    for key, value in (('windowMs', window_ms), ('hopMs', hop_ms), ('minSpeechMs', min_speech_ms)):
        if value is not None and (value < TOKEN_MS or value % TOKEN_MS):
            raise ValueError(f'{key}: expected a multiple of {TOKEN_MS} ms, got {value}')
    folder.mkdir(parents=True, exist_ok=True)
    width = json.loads((bundle / 'config.json').read_text())['encoder']['featureWidth']
    (folder / 'head.onnx').write_bytes(head_graph(head, width, len(labels)).SerializeToString())
    least = min_speech_ms // TOKEN_MS if min_speech_ms else None
    save_file(golden_of(bundle, head, window_ms // TOKEN_MS, hop_ms // TOKEN_MS, least), folder / 'golden.safetensors')
    files = {}
    for path in ('golden.safetensors', 'head.onnx'):
        data = (folder / path).read_bytes()
        files[path] = {'bytes': len(data), 'sha256': hashlib.sha256(data).hexdigest()}
    about = {'format': 'sylstream-head', 'formatVersion': 1, 'name': name or folder.name, 'encoder': encoder_hash(bundle), 'featureWidth': width}
    about |= {'labels': labels, 'windowMs': window_ms, 'hopMs': hop_ms} | ({'minSpeechMs': min_speech_ms} if min_speech_ms else {})
    (folder / 'head.json').write_text(json.dumps(about | {'metrics': metrics, 'files': files}, indent=2) + '\n')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--random', action='store_true', required=True, help='seeded random weights')
    parser.add_argument('--bundle', type=Path, required=True)
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    width = json.loads((args.bundle / 'config.json').read_text())['encoder']['featureWidth']
    head = nn.Sequential(nn.Linear(width, 8), nn.GELU(approximate='tanh'), nn.Linear(8, 3))
    with torch.no_grad():
        for p in head.parameters():
            p.normal_(std=1.0)
    export_head(args.out, head, ['left', 'right', 'neither'], args.bundle, 600, 200, {})


if __name__ == '__main__':
    main()
