"""Units of a corpus, by Ray Data: a folder, a list or Parquet of recordings in, Parquet of units out. README.md says more."""

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault('RAY_USAGE_STATS_ENABLED', '0')  # read when ray is imported: nothing is told to anyone

import ray

from recordings import cut, find
from tokenizer import Tokenizer


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('source', type=Path, help='a folder of recordings or of .parquet, a .parquet file, or a list with a path a line')
    parser.add_argument('out', type=Path, help='folder for the parts; what is done there already is not done again')
    parser.add_argument('--workers', type=int, help='sylstream processes at the same time (default: the cores of the cluster)')
    parser.add_argument('--part', type=int, default=256, help='recordings of a part (default 256)')
    parser.add_argument('--audio', default='audio', help='column of a Parquet file with the bytes, or a struct with a field bytes (default audio)')
    parser.add_argument('--names', default='file', help='its column with names (default file; without it, file name and row)')
    parser.add_argument('--sylstream', default='sylstream', help='the command, on every machine of the cluster (default sylstream)')
    parser.add_argument('--bundle', help='a bundle, on every machine (default: that of the package)')
    parser.add_argument('--rate', default='natural')
    parser.add_argument('--address', help='of a Ray cluster (default: this machine)')
    return parser.parse_args()


def main() -> int:
    args = arguments()
    command = shlex.split(args.sylstream)
    options = ['--workers', '1', '--rate', args.rate] + (['--bundle', args.bundle] if args.bundle else [])
    bundle = describe(command, args.bundle) | {'rate': args.rate}
    args.out.mkdir(parents=True, exist_ok=True)
    parts = cut(find(args.source, args.names), args.part, bundle)
    left = [part for part in parts if not (args.out / part.file).exists()]
    strangers = {path.name for path in args.out.glob('part-*.parquet')} - {part.file for part in parts}
    if strangers:
        print(f'{args.out} holds parts of other recordings or another bundle, as {min(strangers)}: take another folder', file=sys.stderr)
        return 2
    print(f'{len(parts)} parts, {len(parts) - len(left)} of them done')
    if left:
        run(left, args, (command, options, args.audio, bundle, str(args.out.resolve())))
    return 0


def run(left: list, args: argparse.Namespace, worker: tuple) -> None:
    files = {'working_dir': str(Path(__file__).parent), 'excludes': ['.ruff_cache', '__pycache__']}
    ray.init(address=args.address, include_dashboard=False, log_to_driver=False, logging_level='ERROR', runtime_env=files)
    cores = ray.cluster_resources()['CPU']
    workers = min(len(left), args.workers or int(cores))
    ray.data.DataContext.get_current().enable_progress_bars = False
    parts = ray.data.from_items([{'part': json.dumps(asdict(part))} for part in left], override_num_blocks=len(left))
    # An actor that dies is started again and its part with it: parts are written whole or not at all.
    done = parts.map_batches(
        Tokenizer, fn_constructor_args=worker, batch_size=1, num_cpus=min(1, cores / workers), compute=ray.data.ActorPoolStrategy(size=workers)
    )
    began = time.monotonic()
    for row in done.iter_rows():
        print(f'{row["file"]}: {row["recordings"]} recordings, {row["units"]} units, {row["errors"]} errors', flush=True)
    print(f'{len(left)} parts by {workers} workers in {time.monotonic() - began:.0f} s')
    for path in args.out.glob('.part-*'):
        path.unlink()  # of workers that died


def describe(command: list[str], bundle: str | None) -> dict:
    """What units are numbers of."""
    told = subprocess.run([*command, 'model', 'info', *([bundle] if bundle else []), '--json'], check=True, capture_output=True, text=True)
    found = json.loads(told.stdout)
    return {'bundle': found['manifest']['name'], 'version': found['manifest']['version'], 'hash': found['hash'], 'precision': 'int8'}


if __name__ == '__main__':
    sys.exit(main())
