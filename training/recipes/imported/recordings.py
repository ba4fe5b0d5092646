"""A folder of recordings of a shard's training split, as links: what `--speech` wants, without anybody that a figure is made of.

python -m recipes.imported.recordings --corpora kathleen speechocean762 --count 600 --out runs/imported/speech
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from data.batches import load_shards
from data.places import RUNS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--corpora', nargs='+', default=['kathleen', 'speechocean762'])
    parser.add_argument('--count', type=int, default=600, help='recordings')
    parser.add_argument('--out', type=Path, required=True)
    args = parser.parse_args()
    paths = sorted({u.path for u in load_shards(args.data, args.corpora, 'train') if Path(u.path).is_file()})
    np.random.default_rng(0).shuffle(paths)
    args.out.mkdir(parents=True, exist_ok=True)
    for k, path in enumerate(paths[: args.count]):
        (args.out / f'{k:05}{Path(path).suffix}').symlink_to(Path(path).resolve())
    print(f'{min(args.count, len(paths))} of {len(paths)} recordings', flush=True)


if __name__ == '__main__':
    main()
