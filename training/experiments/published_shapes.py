"""A folder as `transformers` saves it, of a network's exact published shape, with random weights: what it costs, and whether all of it is read.

    python -m experiments.published_shapes hubert --out /tmp/hubert-base

hubert (facebook/hubert-base-ls960), wav2vec2 (facebook/wav2vec2-base), wavlm (microsoft/wavlm-base), data2vec-audio
(facebook/data2vec-audio-base): 93 and 94 M parameters. A tensor's numbers depend on its name and its shape alone.
"""

from __future__ import annotations

import argparse
import json
import zlib
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from bundle.imports.networks import KERNELS, STRIDES

WIDTH, LAYERS, HEADS, FFN, CONV, GROUPS = 768, 12, 12, 3072, 512, 16
CONFIG = {
    'hidden_size': WIDTH, 'num_hidden_layers': LAYERS, 'num_attention_heads': HEADS, 'intermediate_size': FFN, 'conv_dim': [CONV] * 7,
    'conv_kernel': list(KERNELS), 'conv_stride': list(STRIDES), 'conv_bias': False, 'do_stable_layer_norm': False, 'hidden_act': 'gelu',
    'feat_extract_activation': 'gelu', 'feat_extract_norm': 'group', 'num_conv_pos_embeddings': 128, 'num_conv_pos_embedding_groups': GROUPS,
    'layer_norm_eps': 1e-5,
}  # fmt: skip
OWN = {
    'hubert': {}, 'wav2vec2': {}, 'wavlm': {'num_buckets': 320, 'max_bucket_distance': 800},
    'data2vec-audio': {'feat_extract_norm': 'layer', 'num_conv_pos_embeddings': 5, 'conv_pos_kernel_size': 19},
}  # fmt: skip
Sizes = dict[str, tuple[int, ...]]


def config_of(kind: str) -> dict:
    return CONFIG | OWN[kind] | {'model_type': kind}


def linear(name: str, rows: int, columns: int) -> Sizes:
    return {f'{name}.weight': (rows, columns), f'{name}.bias': (rows,)}


def norm(name: str, width: int) -> Sizes:
    return {f'{name}.weight': (width,), f'{name}.bias': (width,)}


def positions(kind: str) -> Sizes:
    if kind != 'data2vec-audio':
        name, kernel = 'encoder.pos_conv_embed.conv', CONFIG['num_conv_pos_embeddings']
        weights = {'original0': (1, 1, kernel), 'original1': (WIDTH, WIDTH // GROUPS, kernel)}
        return {f'{name}.parametrizations.weight.{n}': s for n, s in weights.items()} | {f'{name}.bias': (WIDTH,)}
    out: Sizes = {}
    for k in range(OWN[kind]['num_conv_pos_embeddings']):
        name = f'encoder.pos_conv_embed.layers.{k}.conv'
        out |= {f'{name}.weight': (WIDTH, WIDTH // GROUPS, OWN[kind]['conv_pos_kernel_size']), f'{name}.bias': (WIDTH,)}
    return out


def sizes_of(kind: str) -> Sizes:
    """Every tensor of a network, by the names of `transformers`."""
    out: Sizes = {}
    for k, kernel in enumerate(KERNELS):
        out[f'feature_extractor.conv_layers.{k}.conv.weight'] = (CONV, CONV if k else 1, kernel)
        if k == 0 or config_of(kind)['feat_extract_norm'] == 'layer':
            out |= norm(f'feature_extractor.conv_layers.{k}.layer_norm', CONV)
    out |= norm('feature_projection.layer_norm', CONV) | linear('feature_projection.projection', WIDTH, CONV)
    out |= positions(kind) | norm('encoder.layer_norm', WIDTH)
    for k in range(LAYERS):
        at = f'encoder.layers.{k}'
        for part in ('q_proj', 'k_proj', 'v_proj', 'out_proj'):
            out |= linear(f'{at}.attention.{part}', WIDTH, WIDTH)
        out |= linear(f'{at}.feed_forward.intermediate_dense', FFN, WIDTH) | linear(f'{at}.feed_forward.output_dense', WIDTH, FFN)
        out |= norm(f'{at}.layer_norm', WIDTH) | norm(f'{at}.final_layer_norm', WIDTH)
        if kind == 'wavlm':
            out |= linear(f'{at}.attention.gru_rel_pos_linear', 8, WIDTH // HEADS) | {f'{at}.attention.gru_rel_pos_const': (1, HEADS, 1, 1)}
    if kind == 'wavlm':
        out['encoder.layers.0.attention.rel_attn_embed.weight'] = (OWN[kind]['num_buckets'], HEADS)
    return out


def drawn(name: str, size: tuple[int, ...]) -> np.ndarray:
    """Numbers with which every part of a network shows in what it says."""
    x = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(size, np.float32)
    if name.endswith('gru_rel_pos_const'):
        return 1 + 0.3 * x
    if len(size) == 1:
        return (1 if name.endswith('norm.weight') else 0) + 0.1 * x
    return x * np.float32(np.prod(size[1:]) ** -0.5)


def write(kind: str, out: Path) -> None:
    """config.json, preprocessor_config.json, model.safetensors (378 MB)."""
    out.mkdir(parents=True, exist_ok=True)
    (out / 'config.json').write_text(json.dumps(config_of(kind), indent=1) + '\n')
    (out / 'preprocessor_config.json').write_text('{"do_normalize": true}\n')
    save_file({name: drawn(name, size) for name, size in sizes_of(kind).items()}, out / 'model.safetensors')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('kind', choices=list(OWN))
    parser.add_argument('--out', type=Path, required=True)
    args = parser.parse_args()
    write(args.kind, args.out)
    print(f'{sum(int(np.prod(s)) for s in sizes_of(args.kind).values()) / 1e6:.1f} M parameters', flush=True)


if __name__ == '__main__':
    main()
