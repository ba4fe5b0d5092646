"""`train`: frames and units → the vocoder's network. A checkpoint every two minutes; --resume goes on with the same data order.

    python -m recipes.vocoder.train --run runs/vocoder --steps 3000

L1 on the normalised frames, on their differences in time, and on how far each band moves (its deviation); cross-entropy for voicing.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss

from data.places import RUNS
from recipes.vocoder.corpus import Corpus, Spoken, load
from recipes.vocoder.frames import APERIODICITY, ENVELOPE, WIDTH
from recipes.vocoder.model import BEFORE, Vocoder, VocoderConfig

SAVE_EVERY = 120.0  # seconds
UNHEARD = 0.15  # share of units whose next one is not known yet
COARSE = 0.3  # share of utterances told without finer numbers, as predicted units are
CONFUSED = 0.03  # share of neighbours that are another unit
WEIGHTS = {'envelope': 1.0, 'noise': 0.2, 'pitch': 0.3, 'voiced': 0.5, 'delta': 0.5, 'variance': 0.3}


def statistics(corpus: Corpus) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each voice's frames, pauses left out, pitch where it is voiced: (voices, 67) each."""
    mean, scale = np.zeros((len(corpus.voices), WIDTH), np.float32), np.ones((len(corpus.voices), WIDTH), np.float32)
    for v in range(len(corpus.voices)):
        rows = [s.frames[s.unit[s.row, BEFORE] != 0].astype(np.float32) for s in corpus.train + corpus.dev if s.voice == v]
        frames = np.concatenate(rows)
        voiced = frames[frames[:, 1] > 0.5]
        mean[v], scale[v] = frames.mean(0), frames.std(0) + 1e-3
        mean[v, 0], scale[v, 0] = voiced[:, 0].mean(), voiced[:, 0].std() + 1e-3
        mean[v, APERIODICITY], scale[v, APERIODICITY] = voiced[:, APERIODICITY].mean(0), voiced[:, APERIODICITY].std(0) + 1e-2
    mean[:, 1], scale[:, 1] = 0, 1
    return mean, scale


def batch_of(some: list[Spoken], absent: int, rng: np.random.Generator | None) -> dict[str, torch.Tensor]:
    """Utterances one after another; `follows` says which frames follow the one before."""
    offset = np.cumsum([0, *(len(s.unit) for s in some)])
    unit, fine = (np.concatenate([getattr(s, name) for s in some]) for name in ('unit', 'fine'))
    length = np.concatenate([s.length for s in some])
    row = np.concatenate([s.row + o for s, o in zip(some, offset, strict=False)])
    place = np.concatenate([s.place for s in some])
    if rng is not None:
        wrong = rng.random(unit.shape) < CONFUSED
        wrong[:, BEFORE] = False
        unit[wrong & (unit != absent)] = rng.integers(1, absent, (wrong & (unit != absent)).sum())
        fine[wrong] = 0
        for k in np.flatnonzero(rng.random(len(some)) < COARSE):
            fine[offset[k] : offset[k + 1]] = 0
        hidden = rng.random(len(unit)) < UNHEARD
        unit[hidden, -1], fine[hidden, -1], length[hidden, -1] = absent, 0, 0
    first = np.cumsum([0, *(len(s.row) for s in some)])[:-1]
    step = np.diff(place, prepend=-9)
    follows = (np.diff(row, prepend=-9) == 1) & (place < 1.5) | (np.abs(step - 1) < 1e-3)
    follows[first] = False
    return {
        'unit': torch.from_numpy(unit), 'fine': torch.from_numpy(fine), 'length': torch.from_numpy(length),
        'row': torch.from_numpy(row), 'place': torch.from_numpy(place),
        'voice': torch.from_numpy(np.concatenate([np.full(len(s.unit), s.voice) for s in some])),
        'frames': torch.from_numpy(np.concatenate([s.frames for s in some]).astype(np.float32)),
        'follows': torch.from_numpy(follows),
    }  # fmt: skip


def losses(model: Vocoder, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    unit, voice, row, frames = (batch[k] for k in ('unit', 'voice', 'row', 'frames'))
    got = model(unit, batch['fine'], batch['length'], voice, row, batch['place'])
    target = (frames - model.mean[voice[row]]) / model.scale[voice[row]]
    voiced = frames[:, 1] > 0.5
    spoken = unit[row, BEFORE] != 0
    weight = torch.where(spoken, 1.0, 0.3)[:, None]
    follows = batch['follows'][1:] & batch['follows'].new_ones(len(row) - 1)
    envelope, wanted = got[:, ENVELOPE], target[:, ENVELOPE]
    return {
        'envelope': ((envelope - wanted).abs() * weight).mean(),
        'noise': l1_loss(got[voiced][:, APERIODICITY], target[voiced][:, APERIODICITY]),
        'pitch': ((got[:, 0] - target[:, 0]).abs() * torch.where(voiced, 1.0, 0.1)).mean(),
        'voiced': binary_cross_entropy_with_logits(got[:, 1], frames[:, 1]),
        'delta': l1_loss(torch.diff(envelope, dim=0)[follows], torch.diff(wanted, dim=0)[follows]),
        'variance': (envelope[spoken].std(0) - wanted[spoken].std(0)).abs().mean(),
    }


@torch.no_grad()
def score(model: Vocoder, corpus: Corpus) -> dict[str, float]:
    model.eval()
    got = losses(model, batch_of(corpus.dev, corpus.header['merged'] + 1, None))
    model.train()
    return {k: round(float(v), 4) for k, v in got.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--run', type=Path, default=RUNS / 'vocoder')
    parser.add_argument('--steps', type=int, default=3000)
    parser.add_argument('--batch', type=int, default=12, help='utterances')
    parser.add_argument('--lr', type=float, default=2e-3)
    parser.add_argument('--minutes', type=float, help='stop after so long; the rate falls to 0 by the clock instead of the steps')
    parser.add_argument('--limit', type=int, help='utterances of each corpus, for a trial')
    parser.add_argument('--resume', action='store_true')
    args = parser.parse_args()
    torch.manual_seed(0)
    corpus = load(args.run, args.limit)
    absent = corpus.header['merged'] + 1
    cfg = VocoderConfig(absent + 1, len(corpus.voices), corpus.header['centroids'])
    model = Vocoder(cfg)
    mean, scale = statistics(corpus)
    model.mean.copy_(torch.from_numpy(mean))
    model.scale.copy_(torch.from_numpy(scale))
    optimiser = torch.optim.AdamW(model.parameters(), args.lr, weight_decay=0.01)
    path, step, before = args.run / 'vocoder.pt', 0, 0.0
    if args.resume and path.exists():
        state = torch.load(path, weights_only=True)
        if state['codebook'] != corpus.header['codebook'] or state['voices'] != corpus.voices:
            raise SystemExit(f'{path}: is of another codebook or other voices; begin without --resume')
        model.load_state_dict(state['model'])
        optimiser.load_state_dict(state['optimiser'])
        step, before = state['step'], state['seconds']

    def save() -> None:
        state = {'model': model.state_dict(), 'optimiser': optimiser.state_dict(), 'step': step, 'seconds': before + time.time() - started}
        about = {'codebook': corpus.header['codebook'], 'voices': corpus.voices, 'config': asdict(cfg)}
        torch.save(state | about, path.with_suffix('.part'))
        path.with_suffix('.part').replace(path)

    started = saved = time.time()
    hours = sum(len(s.row) for s in corpus.train) / 360_000
    print(
        f'{len(corpus.train)} utterances, {hours:.2f} h, {len(corpus.voices)} voices, {sum(p.numel() for p in model.parameters())} weights',
        flush=True,
    )
    while True:
        share = (before + time.time() - started) / (60 * args.minutes) if args.minutes else step / args.steps
        if share >= 1:
            break
        for group in optimiser.param_groups:
            group['lr'] = args.lr * min(1, (step + 1) / 50) * (1 - share)
        rng = np.random.default_rng((0, step))
        some = [corpus.train[k] for k in rng.integers(0, len(corpus.train), args.batch)]
        got = losses(model, batch_of(some, absent, rng))
        loss = sum(WEIGHTS[k] * v for k, v in got.items())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        if step % 200 == 0:
            print(step, f'{time.time() - started:.0f} s', json.dumps(score(model, corpus)), flush=True)
        if time.time() - saved > SAVE_EVERY:
            save()
            saved = time.time()
    save()
    print(step, f'{time.time() - started:.0f} s', json.dumps(score(model, corpus)))


if __name__ == '__main__':
    main()
