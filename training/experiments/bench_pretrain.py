"""`bench_pretrain`: time and peak memory of one pre-training step, the encoder on visible tokens only against mask tokens inside it.

    python -m experiments.bench_pretrain --threads 2                        a table for docs/performance.md; about 10 minutes on two cores
    python -m experiments.bench_pretrain --device cuda --config base --clips 32

A step is forward, losses, backward and AdamW on `--clips` clips of 10 s. Three networks of one size: `visible` (MAE-AST: the encoder on visible
tokens, 2 decoder layers at full length), `whole` (the same with the decoder, mask tokens inside the encoder) and `ssast` (mask tokens inside,
no decoder).
Time: every round runs one step of each of the three, one after another, so that what else the machine does hits all alike; the median over
the rounds, and the median of the ratios within a round. Peak memory: a process of its own for each cell, the highest resident set above that before
the network was made (on a GPU: torch's own count).
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from config import load_config
from data.places import TRAINING
from model.mae import MaeConfig, MaskedAutoencoder, draw_mask
from stage.precision import mixed

SECONDS = 10
WAYS = {
    'visible': MaeConfig(),
    'whole': MaeConfig(masked_encoder=True),
    'ssast': MaeConfig(masked_encoder=True, decoder_layers=0),
}


class Stepper:
    """One network with its optimiser and a fixed batch."""

    def __init__(self, args: argparse.Namespace, layers: int, mae: MaeConfig):
        torch.manual_seed(0)
        cfg = replace(load_config(args.config).encoder, layers=layers)
        tokens = SECONDS * 50 // 8 * 8
        self.device, self.amp = args.device, not args.no_amp
        self.model = MaskedAutoencoder(cfg, mae).to(args.device)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4)
        self.mel = torch.randn(args.clips, 2 * tokens, cfg.mel_bins, device=args.device)
        self.hidden = torch.from_numpy(draw_mask(mae, np.random.default_rng(0), args.clips, tokens)).to(args.device)

    def step(self) -> float:
        """Runs one step; returns its seconds."""
        started = time.perf_counter()
        with mixed(self.device, self.amp):
            out = self.model(self.mel, self.hidden)
        self.model.loss(out).backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        if self.device == 'cuda':
            torch.cuda.synchronize()
        return time.perf_counter() - started


def peak_bytes(args: argparse.Namespace, layers: int, mae: MaeConfig) -> float:
    """Peak memory of two steps in this process, which must not have done anything like it before."""
    if args.device == 'cuda':
        stepper = Stepper(args, layers, mae)
        stepper.step()
        stepper.step()
        return torch.cuda.max_memory_allocated()
    Stepper(argparse.Namespace(**{**vars(args), 'config': 'tiny', 'clips': 1}), 1, mae).step()  # loads the libraries' own
    Path('/proc/self/clear_refs').write_text('5')  # Linux: the peak starts anew from here (proc(5))
    before = resident('VmRSS')
    stepper = Stepper(args, layers, mae)
    stepper.step()
    stepper.step()
    return resident('VmHWM') - before


def resident(name: str) -> float:
    """Bytes of this process's memory: VmRSS now, VmHWM at most."""
    line = next(row for row in Path('/proc/self/status').read_text().splitlines() if row.startswith(f'{name}:'))
    return 1024.0 * float(line.split()[1])


def peak_apart(args: argparse.Namespace, layers: int, mae: MaeConfig) -> float:
    """The same in a process of its own."""
    cell = json.dumps({'layers': layers, 'mae': mae.to_dict()})
    options = ['--cell', cell, '--config', args.config, '--clips', str(args.clips), '--threads', str(args.threads)]
    command = [sys.executable, '-m', 'experiments.bench_pretrain', *options]
    command += ['--device', args.device] + ['--no-amp'] * args.no_amp
    return float(subprocess.run(command, check=True, cwd=TRAINING, capture_output=True, text=True).stdout)


def times(args: argparse.Namespace, layers: int, ratio: float) -> dict[str, np.ndarray]:
    """Seconds of `--rounds` steps of each way, interleaved; two rounds before them do not count."""
    steppers = {name: Stepper(args, layers, replace(mae, ratio=ratio)) for name, mae in WAYS.items()}
    rounds = [{name: s.step() for name, s in steppers.items()} for _ in range(args.rounds + 2)][2:]
    return {name: np.array([r[name] for r in rounds]) for name in WAYS}


def time_cells(args: argparse.Namespace, layers: int, ratio: float) -> list[str]:
    t = times(args, layers, ratio)
    ms = ' / '.join(f'{1000 * np.median(t[n]):.0f}' for n in WAYS)
    return [ms, ' / '.join(f'{np.median(t[n] / t["visible"]):.2f}x' for n in ('whole', 'ssast'))]


def memory_cells(args: argparse.Namespace, layers: int, ratio: float) -> list[str]:
    peak = {name: peak_apart(args, layers, replace(mae, ratio=ratio)) for name, mae in WAYS.items()}
    mib = ' / '.join(f'{peak[n] / 2**20:.0f}' for n in WAYS)
    return [mib, ' / '.join(f'{100 * (peak["visible"] / peak[n] - 1):+.0f} %' for n in ('whole', 'ssast'))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--config', default='small')
    parser.add_argument('--layers', type=int, nargs='*', default=[6, 12])
    parser.add_argument('--ratios', type=float, nargs='*', default=[0.5, 0.75])
    parser.add_argument('--clips', type=int, default=8, help='of 10 s, in a batch')
    parser.add_argument('--rounds', type=int, default=15)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--no-amp', action='store_true', help='fp32 instead of bfloat16 autocast')
    parser.add_argument('--only', choices=('time', 'memory'), help='half of the table')
    parser.add_argument('--cell', type=json.loads, help=argparse.SUPPRESS)  # one cell of the memory column
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.cell:
        print(peak_bytes(args, args.cell['layers'], MaeConfig(**args.cell['mae'])))
        return
    where = torch.cuda.get_device_name() if args.device == 'cuda' else f'{platform.machine()} CPU, {args.threads} threads'
    print(f'{args.config}, {args.clips} clips of {SECONDS} s, {where}, torch {torch.__version__}, {args.rounds} rounds, interleaved\n')
    columns = {
        'time': ['step ms: visible / whole / ssast', 'faster than whole / ssast'],
        'memory': ['peak MiB: visible / whole / ssast', 'than whole / ssast'],
    }
    parts = [args.only] if args.only else list(columns)
    print(f'| {" | ".join(["layers", "hidden", *(c for part in parts for c in columns[part])])} |\n|{" --- |" * (2 + 2 * len(parts))}')
    for layers in args.layers:
        for ratio in args.ratios:
            cells = [c for part in parts for c in (time_cells if part == 'time' else memory_cells)(args, layers, ratio)]
            print(f'| {layers} | {100 * ratio:.0f} % | {" | ".join(cells)} |', flush=True)


if __name__ == '__main__':
    main()
