"""Records what the authors' own code makes of small random networks of SyllableLM, MAE-AST and Sylber: not a test.

    git clone https://github.com/AlanBaade/SyllableLM DIR/SyllableLM && git clone https://github.com/AlanBaade/MAE-AST-Public DIR/MAE-AST-Public
    pip install transformers==4.57.1 && python -m tests.bundle.imports.record_authors DIR

Only weights and outputs are kept. What their code imports besides (fairseq, timm, omegaconf) is stood in for here, as far as it is used.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import sys
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from unittest.mock import MagicMock, patch

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from data.mel import log_mel
from tests.bundle.imports.record import CASES, HERE, network

WAVE = np.random.default_rng(0).normal(0, 0.1, (1, 320 * 40 + 240)).astype(np.float32)


class Attention(nn.Module):
    """fairseq's MultiheadAttention, (T, B, D)."""

    def __init__(self, width: int, heads: int, **_: object):
        super().__init__()
        self.heads = heads
        for name in ('q_proj', 'k_proj', 'v_proj', 'out_proj'):
            setattr(self, name, nn.Linear(width, width))

    def forward(self, query: torch.Tensor, **_: object) -> tuple[torch.Tensor, None]:
        x = query.transpose(0, 1)
        q, k, v = (p(x).unflatten(2, (self.heads, -1)).transpose(1, 2) for p in (self.q_proj, self.k_proj, self.v_proj))
        return self.out_proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)).transpose(0, 1), None


class Mlp(nn.Module):
    """timm's."""

    def __init__(self, in_features: int, hidden_features: int, act_layer: type, drop: float):
        super().__init__()
        self.fc1, self.act, self.fc2 = nn.Linear(in_features, hidden_features), act_layer(), nn.Linear(hidden_features, in_features)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc2(self.act(self.fc1(x)))


def stand_in(name: str, **members: object) -> None:
    """A module of a package that is not there."""
    module = ModuleType(name)
    module.__getattr__ = lambda attribute: members.get(attribute, MagicMock())
    sys.modules[name] = module


def drawn(model: nn.Module) -> nn.Module:
    """Weights that show."""
    torch.manual_seed(1)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if name.endswith('alibi_scale'):
                p.copy_(torch.linspace(-0.5, 2, p.numel()).view_as(p))  # below 0 counts as 0
            elif p.ndim == 2:
                p.normal_(std=p.shape[1] ** -0.5)
            elif p.ndim == 1:
                p.add_(0.2 * torch.randn_like(p))
    return model.eval()


def features_of(tokens: int) -> np.ndarray:
    """Features (tokens, 12) that look alike for 3 to 30 tokens."""
    rng = np.random.default_rng(tokens)
    lengths = rng.integers(3, 30, tokens)
    levels = np.repeat(rng.normal(0, 1, (tokens, 12)), lengths, 0)[:tokens]
    return (levels + rng.normal(0, 0.2, (tokens, 12))).astype(np.float32)


def keep(name: str, file: str, state: dict, **recorded: np.ndarray) -> None:
    (HERE / name).mkdir(parents=True, exist_ok=True)
    torch.save(state, HERE / name / file)
    np.savez_compressed(HERE / name / 'hidden.npz', wave=WAVE, **recorded)


def data2vec2(clone: Path, *, depth: int, before: int) -> tuple[ModuleType, nn.Module]:
    """SyllableLM's module, and a small random data2vec2 of it: blocks of the audio encoder, and shared ones after them."""
    stand_in('omegaconf', II=lambda _: None)
    stand_in('timm')
    stand_in('timm.models')
    stand_in('timm.models.vision_transformer', Mlp=Mlp, DropPath=nn.Identity)
    sys.path.insert(0, str(clone))
    with patch('dataclasses.dataclass', partial(dataclasses.dataclass, unsafe_hash=True)):  # as Python 3.10 allowed
        extract = importlib.import_module('extract_units')
    config = extract.d2v2_config
    config.embed_dim, config.depth, config.num_heads = 24, depth, 6
    audio = config.modalities.audio
    audio.feature_encoder_spec = '[(8, 10, 5)] + [(8, 3, 2)] * 4 + [(8, 2, 2)] * 2'
    audio.num_alibi_heads, audio.conv_pos_groups, audio.decoder, audio.model_depth, audio.prenet_depth = 6, 4, None, depth, before
    return extract, drawn(extract.Data2VecMultiModel(config, [extract.Modality.AUDIO]))


def sylboost(clone: Path) -> None:
    extract, model = data2vec2(clone, depth=2, before=4)
    with torch.no_grad():
        said = {
            f'layer{4 + k}': model(torch.from_numpy(WAVE), mode=None, mask=False, features_only=True, remove_extra_tokens=True, out_layer=k - 3)['x']
            for k in (1, 2)
        }
    state = {'model_seg': {f'model.{n}': v for n, v in model.state_dict().items()}, 'optimizer': {'step': 1}}
    keep('sylboost', 'SylBoost_625Hz.pth', state, **{n: v.numpy() for n, v in said.items()})
    with patch('torch.Tensor.cuda', lambda self: self):
        cuts = {
            f'{n}_{delta}': extract.efficient_extraction(torch.from_numpy(features_of(n))[None], deltas=[delta], quantiles=[0.75])[0][0]
            for n in (15, 33, 150, 400)
            for delta in (0.02, 0.05, 0.3)
        }
    np.savez_compressed(HERE / 'sylboost/cuts.npz', **cuts)
    rng = np.random.default_rng(2)
    centroids, units = rng.normal(0, 1, (40, 24)).astype(np.float32), np.arange(40) % 7
    np.save(HERE / 'sylboost/SylBoost_625Hz_kmeans.npy', centroids)
    np.save(HERE / 'sylboost/SylBoost_625Hz_agglom.npy', units)


def mae_ast(clone: Path) -> None:
    for name in (
        'fairseq',
        'fairseq.data',
        'fairseq.data.data_utils',
        'fairseq.data.dictionary',
        'fairseq.models.wav2vec',
        'fairseq.models.wav2vec.wav2vec2',
    ):
        stand_in(name)
    for name in ('fairseq.modules.checkpoint_activations', 'fairseq.modules.transformer_sentence_encoder', 'fairseq.distributed', 'mae_ast.tasks'):
        stand_in(name, init_bert_params=lambda _: None)
    stand_in('fairseq.utils', get_activation_fn=lambda _: F.gelu)
    stand_in('fairseq', utils=SimpleNamespace(get_activation_fn=lambda _: F.gelu, get_available_activation_fns=list))
    stand_in('fairseq.dataclass', ChoiceEnum=lambda _: str, FairseqDataclass=object)
    stand_in('fairseq.models', BaseFairseqModel=nn.Module, register_model=lambda *_, **__: lambda of: of)
    stand_in('fairseq.modules', LayerNorm=nn.LayerNorm, MultiheadAttention=Attention)
    stand_in('omegaconf', II=lambda _: None)
    stand_in('mae_ast.tasks.mae_ast_pretraining')
    for name in ('mae_ast', 'mae_ast.models'):
        stand_in(name)
        sys.modules[name].__path__ = [str(clone / name.replace('.', '/'))]
    code = importlib.import_module('mae_ast.models.mae_ast')
    for of, (chan, time) in {'frame': (128, 2), 'patch': (16, 16)}.items():
        settings = {f.name: f.default for f in code.MAE_AST_Config.__dataclass_fields__.values()}
        settings |= {'encoder_embed_dim': 16, 'decoder_embed_dim': 16, 'encoder_ffn_embed_dim': 32, 'encoder_layers': 2, 'decoder_layers': 1}
        settings |= {'encoder_attention_heads': 1, 'enc_sine_pos': True, 'max_token_length': 400, 'ast_kernel_size_chan': chan}
        settings |= {'ast_kernel_size_time': time, 'ast_kernel_stride_chan': chan, 'ast_kernel_stride_time': time}
        task = SimpleNamespace(feature_dim=128, mask_type='random_mask', feature_type='fbank')
        model = drawn(code.MAE_AST(SimpleNamespace(**settings), task))
        model.batch_norm.running_mean.fill_(-6.3)
        model.batch_norm.running_var.fill_(11.0)
        frames = log_mel(WAVE[0])[None]
        with torch.no_grad():
            said = model(frames, padding_mask=torch.zeros(1, frames.shape[1], dtype=torch.bool), mask=False, features_only=True)['hidden_states']
        keep(
            f'mae-ast-{of}',
            'checkpoint.pt',
            {'cfg': {'model': settings}, 'model': model.state_dict()},
            **{f'layer{k + 1}': h.numpy() for k, h in enumerate(said)},
        )


def sylber() -> None:
    kind, options = CASES['hubert']
    model = network(kind, options | {'num_attention_heads': 1})
    wave = torch.from_numpy(WAVE)
    with torch.no_grad():
        said = model((wave - wave.mean()) / wave.std()).last_hidden_state
    keep('sylber', 'sylber.ckpt', model.state_dict(), layer2=said.numpy())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path, metavar='DIR')
    folder = parser.parse_args().folder
    sylboost(folder / 'SyllableLM')
    mae_ast(folder / 'MAE-AST-Public')
    sylber()


if __name__ == '__main__':
    main()
