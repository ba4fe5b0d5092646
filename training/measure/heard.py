"""Recordings of the sets of measure/evaluate.py with their samples, and what an imported network's graph makes of one."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bundle.imports.live import Run, Steps, piece, tokens_in
from data.batches import load_shards, thinned
from data.mel import log_mel, read_audio
from data.places import RUNS, SHARED
from measure.evaluate import pack_set
from segment.baselines import Recording
from segment.stand_ins import FEATURES_ONLY, complete


@dataclass
class Heard:
    """A recording of a set, its samples, and (of a shard) its syllables: seconds (k, 2), and what each is."""

    item: Recording
    wave: np.ndarray
    spans: np.ndarray | None = None
    labels: list[str] | None = None


def add_options(parser: argparse.ArgumentParser) -> None:
    """What sets() wants to know."""
    parser.add_argument('--pack', type=Path, default=SHARED / 'eval-pack')
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--limit', type=int, default=20, help='at most so many utterances a set')


def sets(args: argparse.Namespace) -> dict[str, list[Heard]]:
    """Those that are there, evenly thinned out; says how much there is."""
    pack, data, limit = args.pack, args.data, args.limit
    out: dict[str, list[Heard]] = {}
    for name in ('festival', 'asterisk-en'):
        if (pack / f'{name}.json').exists():
            out[name] = [Heard(r, read_audio(r.path)) for r in thinned(pack_set(pack, name), limit)]
    for name in ('kathleen', 'speechocean762'):
        if (data / name / 'utterances.jsonl').exists():
            rows = thinned(load_shards(data, [name], 'test'), limit)
            waves = [read_audio(u.path) for u in rows]
            items = [Recording(log_mel(w), u.edges, u.speaker, u.path) for u, w in zip(rows, waves, strict=True)]
            out[name] = [Heard(r, w, u.syllables, u.labels) for r, w, u in zip(items, waves, rows, strict=True)]
    if not out:
        raise SystemExit(f'expected an evaluation pack at {pack} or shards at {data}, found neither')
    for name, some in out.items():
        print(f'{name}: {len(some)} recordings, {sum(len(h.wave) for h in some) / 16_000:.0f} s', flush=True)
    return out


def completed(features: np.ndarray, heard: Heard, steps: Steps) -> dict[str, np.ndarray]:
    return complete({'features': features}, heard.item.mel.numpy().astype(np.float64), FEATURES_ONLY, steps.chunk, steps.delay)


def whole(run: Run, heard: Heard) -> np.ndarray:
    return run(piece(heard.wave, 0, tokens_in(heard.wave)))


def print_rows(rows: Iterable[dict[str, float]]) -> None:
    """A table, row by row as they come."""
    for k, row in enumerate(rows):
        if k == 0:
            print(f'| {" | ".join(row)} |\n|{" --- |" * len(row)}')
        print(f'| {" | ".join(f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values())} |', flush=True)
