"""What a step of an imported network costs: the processor's own time, so that what else the machine does counts little, and streams a core.

    python -m experiments.window_cost ../models/hubert

A step each hop hears --window seconds and the hop; streams a core = hop / (seconds of a step).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bundle.imports.live import TAIL, runner
from data.mel import TOKEN_SAMPLES
from measure.heard import print_rows


def seconds_of(path: Path, tokens: int, count: int) -> float:
    """The median step of one thread."""
    run, wave = runner(path), np.random.default_rng(0).normal(0, 0.1, TOKEN_SAMPLES * tokens + TAIL).astype(np.float32)
    run(wave)
    spent = []
    for _ in range(count):
        start = time.process_time()
        run(wave)
        spent.append(time.process_time() - start)
    return float(np.median(spent))


def rows_of(args: argparse.Namespace) -> Iterator[dict[str, float]]:
    for hop in args.hops:
        row = {'hop': hop}
        for precision, file in {'int8': 'wave_int8.onnx', 'fp32': 'wave.onnx'}.items():
            spent = seconds_of(args.bundle / 'onnx' / file, round(50 * (args.window + hop)), args.count)
            row |= {f'{precision} step, s': spent, f'{precision} streams a core': hop / spent}
        yield row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundle', type=Path)
    parser.add_argument('--window', type=float, default=4.0, help='seconds before the hop')
    parser.add_argument('--hops', type=float, nargs='+', default=[0.24, 0.48, 0.96], help='seconds')
    parser.add_argument('--count', type=int, default=5, help='steps of each')
    args = parser.parse_args()
    print_rows(rows_of(args))


if __name__ == '__main__':
    main()
