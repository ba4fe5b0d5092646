"""Records what `transformers` makes of small random networks, and makes the bundle test/fixtures/tiny-wave of one: not a test.

    pip install transformers==4.57.1 && python -m tests.bundle.imports.record --speech DIR

recorded/NAME/ is a folder as `transformers` saves it; hidden.npz has the waveforms (B, N) and every layer (B, T, D) of them.
Weights are random; they are worth nothing as models.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from bundle.manifest import read_about, write_manifest
from data.places import PROJECT
from tests.helpers import run

HERE = Path(__file__).parent / 'recorded'
SIZE = {
    'hidden_size': 16, 'num_hidden_layers': 2, 'num_attention_heads': 2, 'intermediate_size': 32, 'conv_dim': (8,) * 7,
    'num_conv_pos_embedding_groups': 4, 'vocab_size': 4,
}  # fmt: skip
LARGE = {'do_stable_layer_norm': True, 'feat_extract_norm': 'layer', 'conv_bias': True}
WINDOW = {'num_conv_pos_embeddings': 16}
CASES = {
    'hubert': ('hubert', WINDOW),
    'hubert-large': ('hubert', WINDOW | LARGE),
    'wav2vec2': ('wav2vec2', WINDOW),
    'wav2vec2-large': ('wav2vec2', WINDOW | LARGE),
    'wavlm': ('wavlm', WINDOW),
    'wavlm-large': ('wavlm', WINDOW | LARGE | {'conv_bias': False}),
    'data2vec-audio': ('data2vec-audio', {'num_conv_pos_embeddings': 2}),
}
KINDS = {'hubert': 'Hubert', 'wav2vec2': 'Wav2Vec2', 'wavlm': 'WavLM', 'data2vec-audio': 'Data2VecAudio'}


def network(kind: str, options: dict) -> torch.nn.Module:
    """A random network whose every part shows in what it says."""
    import transformers

    torch.manual_seed(0)
    config = getattr(transformers, f'{KINDS[kind]}Config')(**SIZE | options)
    model = getattr(transformers, f'{KINDS[kind]}Model')(config).eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.ndim == 2:
                p.normal_(std=p.shape[1] ** -0.5)
            elif p.ndim == 1:
                p.add_(0.2 * torch.randn_like(p))
            elif name.endswith('gru_rel_pos_const'):
                p.normal_(1, 0.3)
    return model


def record(name: str, kind: str, options: dict) -> None:
    model, folder = network(kind, options), HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / 'config.json').write_text(json.dumps(model.config.to_diff_dict(), indent=1, default=list) + '\n')
    (folder / 'preprocessor_config.json').write_text('{"do_normalize": true}\n')
    save_file({n: v.contiguous() for n, v in model.state_dict().items() if 'masked_spec' not in n}, folder / 'model.safetensors')
    wave = torch.from_numpy(np.random.default_rng(0).normal(0, 0.1, (2, 320 * 40 + 240)).astype(np.float32))
    x = (wave - wave.mean(1, keepdim=True)) / torch.sqrt(wave.var(1, unbiased=False, keepdim=True) + 1e-7)
    with torch.no_grad():
        hidden = model(x, output_hidden_states=True).hidden_states
    np.savez_compressed(folder / 'hidden.npz', wave=wave.numpy(), **{f'layer{k}': h.numpy() for k, h in enumerate(hidden)})


def tiny_wave(speech: Path) -> None:
    """The bundle that the runtime's tests run: units of it mean nothing."""
    out = PROJECT / 'test/fixtures/tiny-wave'
    shutil.rmtree(out, ignore_errors=True)
    clip = PROJECT / 'test/fixtures/tiny/golden/speech.wav'
    steps = ('--window', 0.96, '--hop', 0.32, '--ahead', 0.16)
    run(
        'bundle.import_model',
        'hubert',
        HERE / 'hubert',
        '--layer',
        2,
        '--speech',
        speech,
        '--hours',
        0.6,
        '--natural',
        5.5,
        *steps,
        '--clip',
        clip,
        '--out',
        out,
    )
    (out / 'README.md').write_text(
        '# tiny-wave\n\nSeeded random weights in the shape of HuBERT, imported as docs/import.md says, for tests: it was trained on nothing.\n'
        '`golden/speech.wav` is a clip of the kathleen recordings (CC0 1.0).\n'
    )
    write_manifest(out, read_about(out) | {'version': '0.0.0', 'licence': 'CC0-1.0', 'trainingData': []})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--speech', type=Path, required=True, help='recordings for the dial and the codebook of tiny-wave')
    args = parser.parse_args()
    for name, (kind, options) in CASES.items():
        record(name, kind, options)
    tiny_wave(args.speech)


if __name__ == '__main__':
    main()
