"""Batches and whole utterances through the encoder."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from data.batches import Utterance
from model.encoder import Encoder, whole_bias, with_edges
from stage.precision import mixed


def run_batch(model: Encoder, batch: dict[str, Tensor], chunk: int | None, phase: int, amp: bool) -> tuple[dict[str, Tensor], Tensor]:
    """Outputs (B, T, ...) with the delay taken out, and the mask of the tokens that are there (B, T)."""
    cfg = model.cfg
    mel = with_edges(cfg, batch['mel'])
    T = batch['mel'].shape[1] // cfg.frames_per_token + cfg.delay_tokens
    mask = (torch.arange(T, device=mel.device)[None] < batch['lengths'][:, None]).float()
    bias = whole_bias(cfg, mask, chunk, phase)
    with mixed(mel.device.type, amp):
        out = model(mel, bias)
    return {k: v[:, cfg.delay_tokens :].float() for k, v in out.items()}, mask[:, : T - cfg.delay_tokens]


@torch.no_grad()
def encode_many(model: Encoder, utterances: list[Utterance], mel: tuple[float, float], chunk: int | None, amp: bool) -> list[dict[str, np.ndarray]]:
    """Outputs of whole utterances, sorted into batches of like length; every entry has one row a token."""
    model.eval()
    device = next(model.parameters()).device
    order = sorted(range(len(utterances)), key=lambda k: len(utterances[k].mel))
    results: list[dict[str, np.ndarray]] = [{} for _ in utterances]
    for at in range(0, len(order), 12):
        rows = order[at : at + 12]
        lengths = [len(utterances[k].mel) // 2 for k in rows]
        x = np.zeros((len(rows), 2 * max(lengths), 128), np.float32)
        for r, (k, n) in enumerate(zip(rows, lengths, strict=True)):
            x[r, : 2 * n] = 0.5 * (utterances[k].mel[: 2 * n].astype(np.float32) - mel[0]) / mel[1]
        batch = {'mel': torch.from_numpy(x).to(device), 'lengths': torch.tensor(lengths, device=device)}
        out, _ = run_batch(model, batch, chunk, 0, amp)
        out = {name: value.cpu().numpy() for name, value in out.items()}
        for r, (k, n) in enumerate(zip(rows, lengths, strict=True)):
            results[k] = {name: value[r, :n] for name, value in out.items()}
    model.train()
    return results
