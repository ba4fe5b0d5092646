"""What `collect` and `bundle/units.py` left → utterances as arrays: for each frame its unit and its place, for each unit its neighbours."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bundle.units import read_units
from recipes.vocoder.frames import HOP, WIDTH
from recipes.vocoder.model import AFTER, BEFORE

TOKEN_FRAMES = 2
PAUSE_EDGE = 25  # frames of a pause that are heard on either side; between them is silence
DEV, FEW = 40, 8  # every so many-th utterance is not trained on; of fewer than DEV


@dataclass
class Spoken:
    """One utterance. b units, n frames."""

    voice: int
    unit: np.ndarray  # (b, 4) int64: two before, itself, one after; absent: the vocabulary's last
    fine: np.ndarray  # (b, 4) int64: their finer numbers; absent, unknown and of a pause: 0
    length: np.ndarray  # (b, 4) float32, tokens; absent: 0
    row: np.ndarray  # (n,) the unit of each frame
    place: np.ndarray  # (n,) float32, frames from its start
    frames: np.ndarray  # (n, 67) float16


@dataclass
class Corpus:
    header: dict  # of the units
    voices: list[str]
    train: list[Spoken]
    dev: list[Spoken]


def neighbours(ids: list[int], fine: list[int], lengths: list[float], absent: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every unit with its neighbours: their numbers, finer numbers and lengths, (b, 4) each."""
    unit = np.pad(np.array(ids, np.int64), (BEFORE, AFTER), constant_values=absent)
    finer = np.pad(np.array(fine, np.int64), (BEFORE, AFTER))
    length = np.pad(np.array(lengths, np.float32), (BEFORE, AFTER))
    window = np.lib.stride_tricks.sliding_window_view
    unit, finer, length = (window(all_of, BEFORE + 1 + AFTER).copy() for all_of in (unit, finer, length))
    return unit, finer, length


def spoken(units: list[list[int]], frames: np.ndarray, voice: int, absent: int) -> Spoken:
    """Units [[id, first sample, end, fine]...] and the frames of their utterance."""
    starts, ends = (np.array([u[k] for u in units]) / HOP for k in (1, 2))
    unit, fine, length = neighbours([u[0] for u in units], [u[3] for u in units], list((ends - starts) / TOKEN_FRAMES), absent)
    n = np.arange(len(frames))
    row = np.searchsorted(starts, n, side='right') - 1
    inside = (row >= 0) & (n < ends[np.maximum(row, 0)])
    row, n = row[inside], n[inside]
    place = (n - starts[row]).astype(np.float32)
    heard = (unit[row, BEFORE] != 0) | (np.minimum(place, ends[row] - n) <= PAUSE_EDGE)
    return Spoken(voice, unit, fine, length, row[heard], place[heard], frames[n[heard]])


def load(run: Path, limit: int | None = None) -> Corpus:
    """Every corpus of a run. Raises ValueError for units of different codebooks."""
    header, voices, train, dev = None, [], [], []
    for folder in sorted(p.parent for p in run.glob('*/units.jsonl')):
        found, units = read_units(folder / 'units.jsonl')
        header = header or found
        if found['codebook'] != header['codebook']:
            raise ValueError(f'{folder}: expected units of the codebook {header["codebook"][:12]}, got {found["codebook"][:12]}')
        frames = np.load(folder / 'frames.npy', mmap_mode='r')
        if frames.shape[1] != WIDTH:
            raise ValueError(f'{folder}/frames.npy: expected {WIDTH} numbers a frame, got {frames.shape[1]}; collect it again')
        for k, line in enumerate((folder / 'manifest.jsonl').open(encoding='utf-8')):
            j = json.loads(line)
            if (limit and k >= limit) or not units.get(j['path']):
                continue
            if j['speaker'] not in voices:
                voices.append(j['speaker'])
            s = spoken(units[j['path']], frames[j['first'] : j['first'] + j['frames']], voices.index(j['speaker']), header['merged'] + 1)
            (dev if k % DEV == DEV - 1 else train).append(s)
    if header is None:
        raise ValueError(f'{run}: expected folders of `collect` with units.jsonl, found none; run bundle/units.py on each')
    if not dev:  # so little that no number came up
        train, dev = [s for k, s in enumerate(train) if k % FEW], train[::FEW]
    return Corpus(header, voices, train, dev)
