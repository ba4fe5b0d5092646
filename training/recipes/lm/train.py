"""`train`: the language model over units, trained on simulated and real streams together, if asked ended on real ones.

    python -m recipes.lm.train --config small --run runs/lm/small --real A.jsonl B.jsonl --simulated S.jsonl --dev DEV.jsonl --steps 1500 --decay 300
    python -m recipes.lm.train ... --resume                         go on from RUN/lm.pt with the same order of data

Every step draws rows of 2 W units at random: streams packed side by side, none seeing another; some begin in mid-stream, as a listener
may. The learning rate falls to 0 over the last `--decay` steps; the last `--fine` steps draw real streams only. Dropout is off where it
is measured.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from config import load_config
from model.unit_lm import PAUSE, UnitLm, UnitLmConfig, causal_bias
from recipes.lm.sequences import read_streams
from stage.checkpoint import save
from stage.loop import Loop, Optimizers
from stage.precision import mixed
from stage.shares import own_device

MID_STREAM = 0.05  # share of the streams that begin anywhere
STRANGE = (1, 2, 4, 8)  # confusions between a made-up voice and the speech: an unseen voice is stranger than those that were compared
ROW = 2  # windows in a row: long enough that few streams are cut at its end
IGNORED = -100
LR = 3e-3


class Rows:
    """Draws packed rows.

    real: files of streams with how often each is drawn; simulated: streams; share: of the streams that are real while both are drawn.
    A share `voices` of the streams is heard as from another voice: by `confusions` (U, U) a unit may become one that another telling of its
    syllable had.
    """

    def __init__(
        self,
        real: Sequence[tuple[Sequence[np.ndarray], float]],
        simulated: Sequence[np.ndarray],
        share: float,
        seed: int = 0,
        *,
        confusions: np.ndarray | None = None,
        voices: float = 0.0,
    ):
        self.real, self.simulated, self.share, self.seed = [s for s, _ in real], simulated, share if simulated else 1.0, seed
        self.odds = np.array([w for _, w in real]) / sum(w for _, w in real)
        powers = [] if confusions is None else [np.linalg.matrix_power(confusions.astype(float), n) for n in STRANGE]
        self.confusions, self.voices = [power.cumsum(1) for power in powers], voices if powers else 0.0

    def batch(self, step: int, rows: int, length: int, fine: bool) -> tuple[Tensor, Tensor, Tensor]:
        """units (B, T), the number of the stream each belongs to (B, T), targets (B, T), IGNORED where nothing is to be told."""
        rng = np.random.default_rng((self.seed, step))
        units = np.zeros((rows, length), np.int64)
        numbers = np.zeros((rows, length), np.int64)
        targets = np.full((rows, length), IGNORED, np.int64)
        for r in range(rows):
            at = number = 0
            while at < length - 1:
                s = self.draw(rng, fine)[: length - at + 1]
                n = len(s) - 1
                units[r, at : at + n], targets[r, at : at + n], numbers[r, at : at + n] = s[:-1], s[1:], number
                at, number = at + n, number + 1
            numbers[r, at:] = number  # what is left over
        return torch.from_numpy(units), torch.from_numpy(numbers), torch.from_numpy(targets)

    def draw(self, rng: np.random.Generator, fine: bool) -> np.ndarray:
        pool = self.real[rng.choice(len(self.real), p=self.odds)] if fine or rng.random() < self.share else self.simulated
        s = pool[rng.integers(len(pool))]
        if len(s) > 8 and rng.random() < MID_STREAM:
            s = np.concatenate([s[:1], s[rng.integers(1, len(s) - 4) :]])
        return self.another_telling(s, rng) if rng.random() < self.voices else s

    def another_telling(self, s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Half of the voices have their own unit for a syllable, the others now this one and now that one; some are stranger than others."""
        table = self.confusions[rng.integers(len(self.confusions))]
        U, always = len(table), rng.random() < 0.5
        said = np.arange(U) if always else s
        other = (table[said] < rng.random((len(said), 1))).sum(1).clip(max=U - 1)
        told = np.where((said == PAUSE) | (rng.random(len(said)) < rng.uniform(0.0, 0.6)), said, other)
        return told[s] if always else told


def loss_of(model: UnitLm, batch: tuple[Tensor, Tensor, Tensor], amp: bool) -> Tensor:
    """Mean cross-entropy, nats a unit."""
    units, numbers, targets = batch
    bias = causal_bias(model.cfg, numbers)
    with mixed(units.device.type, amp):
        logits, _ = model(units, bias)
    return F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), ignore_index=IGNORED)


@torch.no_grad()
def log_probabilities(model: UnitLm, streams: Sequence[np.ndarray], rows: int = 16) -> list[np.ndarray]:
    """ln p of every id but the first of each stream, in fp32; streams of like length side by side."""
    model.eval()
    device = model.embed.weight.device
    order = sorted(range(len(streams)), key=lambda k: len(streams[k]))
    out: list[np.ndarray] = [np.zeros(0)] * len(streams)
    for at in range(0, len(order), rows):
        part = order[at : at + rows]
        longest = max(len(streams[k]) for k in part)
        units = torch.zeros(len(part), longest, dtype=torch.long)
        for r, k in enumerate(part):
            units[r, : len(streams[k])] = torch.from_numpy(streams[k].astype(np.int64))
        units = units.to(device)
        logits, _ = model(units, causal_bias(model.cfg, torch.zeros_like(units[:1])))
        logs = logits[:, :-1].log_softmax(-1).gather(2, units[:, 1:, None])[..., 0].cpu().numpy()
        for r, k in enumerate(part):
            out[k] = logs[r, : len(streams[k]) - 1].astype(np.float64)
    return out


def perplexity_of(model: UnitLm, streams: Sequence[np.ndarray]) -> float:
    """exp of the mean negative log-probability of all predicted ids, pauses and ends among them."""
    return float(np.exp(-np.concatenate(log_probabilities(model, streams)).mean()))


def load_checkpoint(path: Path, cfg: UnitLmConfig | None = None) -> dict:
    """Reads RUN/lm.pt; raises ValueError when it belongs to a network of other sizes."""
    if not path.exists():
        raise FileNotFoundError(f'{path}: expected a checkpoint of recipes/lm/train.py')
    state = torch.load(path, map_location='cpu', weights_only=True)
    if cfg and state.get('lm') != cfg.to_dict():
        raise ValueError(f'{path}: expected the language model {cfg.to_dict()}, got {state.get("lm")}')
    return state


def optimizers_of(model: UnitLm, lr: float) -> Optimizers:
    return Optimizers(model, lr, muon=True)


def save_checkpoint(run: Path, model: UnitLm, average: UnitLm, optimizers: Optimizers, step: int) -> None:
    """Writes RUN/lm.pt, from which `--resume` goes on."""
    save(run / 'lm.pt', {
        'lm': model.cfg.to_dict(), 'model': model.state_dict(), 'average': average.state_dict(),
        'optimizers': optimizers.state_dict(), 'step': step,
    })  # fmt: skip


def load_average(run: Path) -> UnitLm:
    """The network that a run would publish."""
    state = load_checkpoint(run / 'lm.pt')
    model = UnitLm(UnitLmConfig(**state['lm']))
    model.load_state_dict(state['average'])
    return model.eval()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--config', default='small')
    parser.add_argument('--run', type=Path, required=True, help='folder of the checkpoint')
    parser.add_argument('--real', type=Path, nargs='+', required=True, help='units of speech')
    parser.add_argument('--simulated', type=Path, nargs='*', default=[], help='units of recipes/lm/simulate.py')
    parser.add_argument('--dev', type=Path, nargs='*', default=[])
    parser.add_argument('--limit', type=int, help='only so many streams of each real file (they lie in random order)')
    parser.add_argument('--weights', type=float, nargs='+', help='how often a stream of each real file is drawn (default: by their numbers)')
    parser.add_argument('--voices', type=float, default=0.0, help='share of streams heard as from another voice; needs --confusions')
    parser.add_argument('--confusions', type=Path, help='what recipes/lm/simulate.py --confusions wrote')
    parser.add_argument('--share', type=float, default=0.3, help='of real streams while both are drawn')
    parser.add_argument('--steps', type=int, default=1500)
    parser.add_argument('--decay', type=int, default=300, help='last steps, over which the learning rate goes to 0')
    parser.add_argument('--fine', type=int, default=0, help='last steps that draw real streams only')
    parser.add_argument('--stop-at', type=int, help='stop after this step, to go on later')
    parser.add_argument('--batch', type=int, default=16, help='rows a step')
    parser.add_argument('--lr', type=float, default=LR)
    parser.add_argument('--dropout', type=float, default=0.1)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--resume', action='store_true')
    parser.add_argument('--save-minutes', type=float, default=2)
    parser.add_argument('--dev-every', type=int, default=250)
    parser.add_argument('--accumulate', type=int, default=1, help='draws of a step and process, their gradients averaged')
    parser.add_argument('--device', default=own_device())
    parser.add_argument('--no-amp', action='store_true', help='fp32 instead of bfloat16 autocast')
    args = parser.parse_args()
    if args.voices and not args.confusions:
        parser.error('--voices: expected --confusions, what recipes/lm/simulate.py --confusions wrote')
    return args


def main() -> None:
    args = arguments()
    torch.manual_seed(args.seed)
    args.run.mkdir(parents=True, exist_ok=True)
    files = [read_streams([path]) for path in args.real]
    vocabulary, _ = read_streams([*args.real, *args.simulated, *args.dev])  # one codebook for all
    real = [(streams[: args.limit], w) for (_, streams), w in zip(files, args.weights or [len(s) for _, s in files], strict=True)]
    simulated = read_streams(args.simulated)[1] if args.simulated else []
    dev = [read_streams([path])[1] for path in args.dev]
    cfg = replace(load_config(args.config).lm, vocabulary=vocabulary)
    model = UnitLm(cfg, args.dropout).to(args.device)
    average = UnitLm(cfg).to(args.device)  # running mean of the weights: what is measured and published
    average.load_state_dict(model.state_dict())
    optimizers = optimizers_of(model, args.lr)
    step = 0
    if args.resume:
        state = load_checkpoint(args.run / 'lm.pt', cfg)
        model.load_state_dict(state['model'])
        average.load_state_dict(state['average'])
        optimizers.load_state_dict(state['optimizers'])
        step = state['step']
    confusions = np.load(args.confusions) if args.confusions else None
    rows = Rows(real, simulated, args.share, args.seed, confusions=confusions, voices=args.voices)
    counts = [sum(map(len, streams)) for streams in ([s for pool, _ in real for s in pool], simulated)]
    millions = sum(p.numel() for p in model.parameters()) / 1e6
    print(f'{counts[0]} real and {counts[1]} simulated units, {millions:.2f} M parameters, from step {step}', flush=True)
    loop = Loop(
        step, args.steps, decay=args.decay, memory=0.99, warm=0.1, save_minutes=args.save_minutes, dev_every=args.dev_every,
        stop_at=args.stop_at, accumulate=args.accumulate,
    )  # fmt: skip

    def checkpoint() -> None:
        save_checkpoint(args.run, model, average, optimizers, loop.step)

    def losses_of(draw: int) -> tuple[Tensor, dict[str, Tensor]]:
        torch.manual_seed(args.seed * 1_000_003 + draw)  # dropout, so that a resumed run is the same
        batch = rows.batch(draw, args.batch, ROW * cfg.window_units, fine=loop.step >= args.steps - args.fine)
        model.train()
        loss = loss_of(model, tuple(t.to(args.device) for t in batch), not args.no_amp)
        return loss, {'loss': loss}

    watch = (lambda: 'perplexity ' + ', '.join(f'{perplexity_of(average, d):.2f}' for d in dev)) if dev else None
    loop.run(model, average, optimizers, losses_of=losses_of, checkpoint=checkpoint, watch=watch)


if __name__ == '__main__':
    main()
