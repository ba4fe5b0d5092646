"""SylBoost of an imported Whisper: its upper blocks are taught that the frames of one segment look alike. No label is used.

    python -m recipes.imported.sylboost ~/whisper-base --layer 4 --speech ~/recordings --out runs/tuned.safetensors
    python -m bundle.import_model whisper ~/whisper-base --layer 4 --tuned runs/tuned.safetensors --speech ~/recordings --out ../models/whisper

Segments are the network's own, at --per-second; the target of a frame is the mean of the untaught network's features over the inner third
of its segment. The next round cuts by what the last one learned, and its targets are the student's. The blocks below are frozen, so what goes
into the taught ones is made once.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from bundle.imports import whisper
from bundle.imports.dial import Cutter, recordings
from bundle.imports.live import piece, tokens_in
from data.mel import log_mel
from recipes.imported.whisper_torch import Weights, blocks, features, stem
from segment import segmenter
from segment.stand_ins import FEATURES_ONLY, complete

WINDOW = 200  # tokens of a piece
LEAST = 50  # tokens of the shortest piece that is kept
WARM = 10  # steps


@dataclass(frozen=True)
class Upper:
    """The taught blocks of a network."""

    first: int
    end: int
    heads: int
    last: bool

    def features(self, x: Tensor, t: Weights) -> Tensor:
        """(T + 1, D) before them -> (T, D)."""
        return features(blocks(x[None], t, self.first, self.end, self.heads), t, last=self.last)[0]


@dataclass
class Piece:
    """Some seconds of speech: what goes into the taught blocks (T + 1, D), and its log-mel (2 T, 128)."""

    below: Tensor
    mel: np.ndarray


def pieces_of(waves: list[np.ndarray], t: Weights, upper: Upper) -> list[Piece]:
    out = []
    with torch.no_grad():
        for wave in waves:
            T = tokens_in(wave)
            for start in range(0, T, WINDOW):
                end = min(T, start + WINDOW)
                if end - start >= LEAST:
                    part = piece(wave, start, end)
                    below = blocks(stem(torch.from_numpy(part)[None], t), t, 0, upper.first, upper.heads)
                    out.append(Piece(below[0], log_mel(part).numpy().astype(np.float64)))
    return out


def targets(found: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Features (T, D) -> for each frame the mean over the inner third of its segment."""
    out = np.empty_like(found)
    for a, b in zip(cuts[:-1], cuts[1:], strict=True):
        third = (b - a) // 3
        out[a:b] = found[a + third : b - third].mean(0)
    return out


def cut(pieces: list[Piece], t: Weights, upper: Upper, hz: float) -> tuple[list[Tensor], float]:
    """What every frame is to be, by the segments of the network as it is; and how much of the variance lies within them."""
    rules = segmenter.Rules(shift_samples=whisper.SHIFT)
    with torch.no_grad():
        outputs = [complete({'features': upper.features(p.below, t).numpy()}, p.mel, FEATURES_ONLY, WINDOW, 0) for p in pieces]
    rate = Cutter(outputs, rules).rate('natural', hz)
    found = [o['features'] for o in outputs]
    wanted = [targets(o['features'], segmenter.search(segmenter.costs(o['features'], rules), o['boundary'], rate, rules)) for o in outputs]
    within = np.mean([((x - y) ** 2).mean() for x, y in zip(found, wanted, strict=True)]) / np.concatenate(found).var(0).mean()
    return [torch.from_numpy(w) for w in wanted], float(within)


def teach(pieces: list[Piece], wanted: list[Tensor], t: Weights, upper: Upper, args: argparse.Namespace) -> None:
    """Steps on the taught blocks' weights, which change in place."""
    taught = [w for w in t.values() if w.requires_grad]
    optimiser = torch.optim.AdamW(taught, args.lr, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda s: min((s + 1) / WARM, 1 - s / args.steps))
    rng, losses = np.random.default_rng(args.seed), []
    for step in range(args.steps):
        optimiser.zero_grad()
        for k in rng.integers(0, len(pieces), args.batch):
            loss = F.mse_loss(upper.features(pieces[k].below, t), wanted[k]) / args.batch
            loss.backward()
            losses.append(float(loss.detach()) * args.batch)
        torch.nn.utils.clip_grad_norm_(taught, 1.0)
        optimiser.step()
        schedule.step()
        if step % 25 == 24 or step == args.steps - 1:
            print(f'step {step + 1}: {np.mean(losses[-25 * args.batch :]):.4f}', flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path, metavar='FOLDER', help='where its files are')
    parser.add_argument('--out', type=Path, required=True, help='the taught tensors (.safetensors)')
    parser.add_argument('--speech', type=Path, required=True, help='a folder of recordings')
    parser.add_argument('--hours', type=float, default=0.3, help='of them at most')
    parser.add_argument('--layer', type=int, help='whose features are taken (as of bundle.import_model)')
    parser.add_argument('--blocks', type=int, default=2, help='up to it, that are taught')
    parser.add_argument('--per-second', type=float, default=5.0, help='segments a second of speech')
    parser.add_argument('--rounds', type=int, default=2)
    parser.add_argument('--steps', type=int, default=150, help='of a round')
    parser.add_argument('--batch', type=int, default=8, help='pieces of 4 s')
    parser.add_argument('--lr', type=float, default=1e-4)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    network = whisper.read(args.folder, layer=args.layer)
    made = network.build.keywords
    first = max(0, network.layers - args.blocks)
    upper = Upper(first, network.layers, made['shape'].heads, network.layers == made['layers'])
    t = {n: torch.tensor(np.asarray(a, np.float32)) for n, a in made['tensors'].arrays.items()}
    waves, hours = recordings(args.speech, args.hours)
    pieces = pieces_of(waves, t, upper)
    print(f'{hours:.2f} h, {len(pieces)} pieces; blocks {first + 1} to {network.layers} are taught', flush=True)
    names = [n for n in t if any(n.startswith(f'blocks.{k}.') for k in range(first, network.layers))]
    for number in range(args.rounds):
        wanted, within = cut(pieces, t, upper, args.per_second)
        print(f'round {number + 1}: {within:.3f} of the variance lies within segments', flush=True)
        for n in names:
            t[n].requires_grad_(True)
        teach(pieces, wanted, t, upper, args)
        for n in names:
            t[n].requires_grad_(False)
    print(f'in the end: {cut(pieces, t, upper, args.per_second)[1]:.3f}', flush=True)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    save_file({n: t[n].contiguous() for n in names}, args.out)


if __name__ == '__main__':
    main()
