"""Checkpoints: written whole, read with care."""

from __future__ import annotations

from pathlib import Path

import torch

from model.encoder import EncoderConfig
from model.mae import MaeConfig, MaskedAutoencoder


def load_checkpoint(path: Path, cfg: EncoderConfig) -> dict:
    """Reads a checkpoint; raises ValueError when it is none, or belongs to a network of other sizes."""
    if not path.exists():
        raise FileNotFoundError(f'{path}: expected a checkpoint to resume from')
    try:
        state = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # torch raises whatever the bytes provoke: RuntimeError, UnpicklingError, EOFError, KeyError
        raise ValueError(f'{path}: expected a checkpoint, cannot read its {path.stat().st_size} bytes: {error}') from error
    got = state.get('encoder') if isinstance(state, dict) else type(state).__name__
    if not isinstance(got, dict) or EncoderConfig().to_dict() | got != cfg.to_dict():  # one from before a size had a name has its default
        raise ValueError(f'{path}: expected the encoder {cfg.to_dict()}, got {got}')
    missing = {'model', 'average', 'optimizers', 'step', 'mel'} - state.keys()
    if missing:
        raise ValueError(f'{path}: expected model, average, optimizers, step and mel, {", ".join(sorted(missing))} missing')
    return state


def save(path: Path, state: dict) -> None:
    """Writes a checkpoint so that a crash leaves the old or the new one, never half of it."""
    temporary = path.with_suffix('.tmp')
    torch.save(state, temporary)
    temporary.replace(path)


def load_mae(path: Path) -> tuple[MaskedAutoencoder, tuple[float, float], dict]:
    """A checkpoint's network (the running mean of its weights), its mel statistics, and all the rest of it."""
    if not path.exists():
        raise FileNotFoundError(f'{path}: expected what recipes/label_free/pretrain.py writes; run it first')
    state = torch.load(path, map_location='cpu', weights_only=True)
    if 'mae' not in state:
        raise ValueError(f'{path}: expected a checkpoint of recipes/label_free/pretrain.py, got one with {", ".join(sorted(state))}')
    model = MaskedAutoencoder(EncoderConfig(**state['encoder']), MaeConfig(**state['mae']))
    model.load_state_dict(state['average'])
    return model.eval(), tuple(state['mel']), state
