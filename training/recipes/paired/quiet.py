"""`quiet`: the speech head of a finished network learns that hardly anything is no speech: digital silence, and noise far below a voice.

    python -m recipes.paired.quiet --run runs/steady --data runs/data       before quantize; a minute of one core

Speech corpora hold room tone between words and next to no digital silence, so a network may take that for anything. Only the head's row for
speech moves: by the least squared change of its logits on speech, such that no token of silence is above LIMIT. Features, boundaries and with
them codebook and dial stay as they are, bit for bit.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from data.batches import load_shards
from data.mel import SAMPLE_RATE, log_mel, normalise
from data.places import RUNS
from model.encoder import Encoder, EncoderConfig, encode
from stage.checkpoint import save

LIMIT = -2.0  # of a logit: a probability of 0.12
DB = (-120, -100, -90, -85, -80, -75)  # of full scale; the least that 16 bits hold is -90, and a quiet room has -70 and more
SECONDS = 6
RIDGE = 1e-3  # of the mean square of a hidden value
SURE = 0.01  # what a token weighs of which it is sure; one on the fence weighs 0.25
ROUNDS = 60


def silences(speech: np.ndarray, seed: int = 0) -> list[np.ndarray]:
    """Seconds of silence as 16-bit recordings have it, alone and after speech (float samples at 16 kHz)."""
    rng, out = np.random.default_rng(seed), []
    for db in DB:
        noise = rng.standard_normal(SECONDS * SAMPLE_RATE) * 10 ** (db / 20)
        quiet = (np.round(noise * 32768) / 32768).astype(np.float32)
        out += [quiet, np.concatenate([speech, quiet])]
    return out


@torch.no_grad()
def hidden(model: Encoder, mel: Tensor, stats: tuple[float, float]) -> Tensor:
    """What the heads read of a log-mel: (T, width), live."""
    return encode(model, normalise(mel, *stats), model.cfg.chunk_tokens)['hidden']


def quieter(weight: Tensor, bias: float, speech: Tensor, silent: Tensor) -> Tensor:
    """The weight (width) nearest to the old one by what it tells of `speech` (N, width), by which no row of `silent` (M, width) is above LIMIT.

    Near is meant as a logistic regression does: a token of which it is sure may move more. Only silent rows above the limit pull, together as
    strongly as all of `speech`, again and again until none is.
    """
    speech, silent, old = speech.double(), silent.double(), weight.double()
    told = (speech @ old + bias).sigmoid()
    sure = told * (1 - told) + SURE
    kept = speech.T @ (sure[:, None] * speech) / sure.sum()
    kept += RIDGE * kept.diagonal().mean() * torch.eye(len(old), dtype=torch.float64)
    new, pull = old.clone(), torch.zeros(len(silent), dtype=torch.float64)
    for _ in range(ROUNDS):
        over = silent @ new + bias > LIMIT - 0.1
        if not over.any():
            break
        pull += over.double() / over.sum()
        wanted = (LIMIT - 0.2 - bias) - silent @ old
        change = torch.linalg.solve(kept + silent.T @ (pull[:, None] * silent), silent.T @ (pull * wanted))
        new = old + change
    return new.to(weight.dtype)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--run', type=Path, required=True, help='folder of steady.pt, which is written anew')
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--corpora', nargs='+', default=['kathleen', 'timed-speech', 'speechocean762'])
    parser.add_argument('--phases', type=int, choices=[1, 2], default=2, help='as quantize gets them')
    parser.add_argument('--recordings', type=int, default=60, help='of each corpus')
    args = parser.parse_args()
    torch.set_num_threads(1)
    state = torch.load(args.run / 'steady.pt', map_location='cpu', weights_only=True)
    model = Encoder(replace(EncoderConfig(**state['encoder']), phases=args.phases))
    model.load_state_dict(state['average'])
    model.eval()
    stats = tuple(state['mel'])
    heard = []
    for split in ('train', 'dev'):
        rows = [u for name in args.corpora for u in load_shards(args.data, [name], split)[::7][: args.recordings]]
        heard.append(torch.cat([hidden(model, torch.from_numpy(np.asarray(u.mel, np.float32)), stats) for u in rows]))
    clip = next(u for u in load_shards(args.data, [args.corpora[0]], 'train') if u.wave is not None)
    quiet = [hidden(model, log_mel(x), stats)[-(SECONDS - 1) * 50 :] for x in silences(np.asarray(clip.wave, np.float32)[:SAMPLE_RATE] / 32768)]
    silent = torch.cat(quiet)
    old, bias = model.events.weight[1].detach().clone(), float(model.events.bias[1].detach())
    new = quieter(old, bias, heard[0], silent)
    before, after = (heard[1] @ w + bias > 0 for w in (old, new))
    taken = [float((silent @ w + bias > 0).float().mean()) for w in (old, new)]
    print(f'silence taken for speech: {taken[0]:.1%} before, {taken[1]:.1%} now')
    print(f'speech or pause told otherwise: {float((before != after).float().mean()):.2%} of {len(before)} tokens of the development split')
    with torch.no_grad():
        model.events.weight[1] = new
    state['average'] = model.state_dict()
    save(args.run / 'steady.pt', state)


if __name__ == '__main__':
    main()
