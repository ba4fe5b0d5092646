"""Records what fairseq's own HuBERT and SyllableLM's copy of its data2vec2 make of small random networks, as checkpoints of fairseq: not a test.

    git clone https://github.com/facebookresearch/fairseq DIR/fairseq && git clone https://github.com/AlanBaade/SyllableLM DIR/SyllableLM
    python -m tests.bundle.imports.record_fairseq DIR

What their code imports besides is stood in for, as in record_authors.py; the convolutions, their norms, the places and the blocks are fairseq's own.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import nn

from tests.bundle.imports.record_authors import WAVE, Attention, data2vec2, drawn, keep, stand_in

CONVS = '[(8, 10, 5)] + [(8, 3, 2)] * 4 + [(8, 2, 2)] * 2'
SIZE = {
    'conv_feature_layers': CONVS, 'encoder_embed_dim': 16, 'encoder_ffn_embed_dim': 32, 'encoder_layers': 2, 'encoder_attention_heads': 2,
    'conv_pos': 16, 'conv_pos_groups': 4, 'final_dim': 8, 'activation_fn': 'gelu', 'layer_type': 'transformer', 'untie_final_proj': True,
}  # fmt: skip
LARGE = {'extractor_mode': 'layer_norm', 'layer_norm_first': True}
OWN = {  # class: its file
    'Fp32GroupNorm': 'fp32_group_norm', 'Fp32LayerNorm': 'layer_norm', 'LayerNorm': 'layer_norm', 'SamePad': 'same_pad',
    'TransposeLast': 'transpose_last',
}  # fmt: skip
GELU = {'get_activation_fn': lambda _: F.gelu, 'get_available_activation_fns': list}


def code_of_hubert(clone: Path):
    """fairseq/models/hubert/hubert.py."""
    for name in (
        'omegaconf', 'fairseq.data', 'fairseq.data.data_utils', 'fairseq.data.dictionary', 'fairseq.distributed.fully_sharded_data_parallel',
        'fairseq.modules.checkpoint_activations', 'fairseq.modules.conformer_layer', 'fairseq.tasks', 'fairseq.tasks.hubert_pretraining',
    ):  # fmt: skip
        stand_in(name, II=lambda _: None)
    stand_in('fairseq', utils=SimpleNamespace(**GELU))
    stand_in('fairseq.utils', **GELU)
    stand_in('fairseq.dataclass', ChoiceEnum=lambda _: str, FairseqDataclass=object)
    stand_in('fairseq.distributed', fsdp_wrap=lambda layer: layer)
    sys.modules['fairseq.distributed.fully_sharded_data_parallel'].FullyShardedDataParallel = type('Sharded', (), {})
    stand_in('fairseq.modules.transformer_sentence_encoder', init_bert_params=lambda _: None)
    stand_in('fairseq.models', BaseFairseqModel=nn.Module, register_model=lambda *_, **__: lambda of: of)
    for name in ('fairseq.modules', 'fairseq.models', 'fairseq.models.wav2vec', 'fairseq.models.hubert'):
        if name not in sys.modules:
            stand_in(name)
        sys.modules[name].__path__ = [str(clone / name.replace('.', '/'))]
    own = {name: getattr(importlib.import_module(f'fairseq.modules.{file}'), name) for name, file in OWN.items()}
    for name, of in (own | {'MultiheadAttention': Attention}).items():
        setattr(sys.modules['fairseq.modules'], name, of)
    return importlib.import_module('fairseq.models.hubert.hubert')


def hubert(clone: Path) -> None:
    code = code_of_hubert(clone)
    task = SimpleNamespace(sample_rate=16_000)
    for name, options in {'hubert-fairseq': {}, 'hubert-fairseq-large': LARGE}.items():
        settings = {f.name: f.default for f in code.HubertConfig.__dataclass_fields__.values()} | {'label_rate': 50} | SIZE | options
        model = drawn(code.HubertModel(SimpleNamespace(**settings), task, [range(5)]))
        wave = torch.from_numpy(WAVE)
        normalised = F.layer_norm(wave, wave.shape) if options else wave
        with torch.no_grad():
            said = {f'layer{k}': model.extract_features(normalised, output_layer=k)[0].numpy() for k in (1, 2)}
            if options:
                said['layer2'] = model.extract_features(normalised)[0].numpy()  # with the last norm, which is none of the layers'
        cfg = {'model': settings, 'task': {'normalize': bool(options)}}
        keep(name, 'checkpoint.pt', {'cfg': cfg, 'model': model.state_dict()}, **said)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path, metavar='DIR')
    folder = parser.parse_args().folder
    hubert(folder / 'fairseq')
    extract, model = data2vec2(folder / 'SyllableLM', depth=2, before=1)
    wave = torch.from_numpy(WAVE)
    with torch.no_grad():
        said = model(F.layer_norm(wave, wave.shape), mode=None, mask=False, features_only=True, remove_extra_tokens=True)['x']
    state = {'cfg': {'task': {'normalize': True}}, 'model': {**model.state_dict(), '_ema': torch.zeros(1)}}
    keep('data2vec2', 'base_libri.pt', state, layer3=said.numpy())


if __name__ == '__main__':
    main()
