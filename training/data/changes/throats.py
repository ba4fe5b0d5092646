"""`throats`: the speech of other shards as other throats might have said it: pitch, melody and formants changed apart, times kept.

    python -m data.changes.throats --corpora kathleen speechocean762 timed-speech flite-rms flite-awb --hours 2.5

Praat's "Change gender" (overlap-add for the pitch, resampling for the formants) on the recordings of each shard's training split, in a fixed
random order, at most --hours of each. Writes the shard runs/data/changed; the augmentation on the mel (data/batches.py) cannot part pitch from
formants.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import parselmouth
from parselmouth.praat import call

from data.mel import SAMPLE_RATE
from data.places import RUNS
from data.shards import write_shard

LOW, HIGH = 60, 500  # Hz, in which Praat looks for the pitch
FORMANTS = (0.82, 1.22)
PITCH = (70, 300)  # Hz
MELODY = (0.0, 1.0)  # above 1 a low pitch would come out below 0


@dataclass(frozen=True)
class Throat:
    """formants: the factor of their frequencies; pitch: the new median, Hz; melody: how far the pitch moves, of what it did, 0 is one tone."""

    formants: float
    pitch: float
    melody: float


def draw_throat(rng: np.random.Generator) -> Throat:
    """Any of them, within FORMANTS, PITCH and MELODY."""
    formants, pitch = (float(np.exp(rng.uniform(*np.log(span)))) for span in (FORMANTS, PITCH))
    return Throat(formants, pitch, float(rng.uniform(*MELODY)))


def change(samples: np.ndarray, throat: Throat) -> np.ndarray:
    """samples (n,) at 16 kHz → as many of another throat; unchanged where Praat finds no pitch."""
    sound = parselmouth.Sound(samples.astype(float), SAMPLE_RATE)
    try:
        said = call(sound, 'Change gender', LOW, HIGH, throat.formants, throat.pitch, throat.melody, 1.0).values[0][: len(samples)]
    except parselmouth.PraatError:
        return samples
    out = np.zeros(len(samples), np.float32)
    out[: len(said)] = said * min(1.0, 0.95 / max(1e-6, np.abs(said).max()))
    return out


def some_rows(folder: Path, hours: float) -> list[dict]:
    """Rows of a shard's training split that have times, in a fixed random order, up to so many hours."""
    rows = [r for r in map(json.loads, (folder / 'utterances.jsonl').open(encoding='utf-8')) if r['split'] == 'train' and r['syllables']]
    np.random.default_rng(0).shuffle(rows)
    ends = np.cumsum([r['frames'] for r in rows]) / 360_000
    return rows[: int(np.searchsorted(ends, hours)) + 1]


def main() -> None:
    data = RUNS / 'data'
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', type=Path, default=data)
    parser.add_argument('--corpora', nargs='+', required=True)
    parser.add_argument('--hours', type=float, default=2.5, help='at most, of each corpus')
    args = parser.parse_args()
    rows = [r for name in args.corpora for r in some_rows(args.data / name, args.hours)]
    items = [r | {'id': f'{r["corpus"]}_{r["id"]}', 'corpus': 'changed', 'speaker': f'{r["speaker"]} changed {n}'} for n, r in enumerate(rows)]
    write_shard(args.data / 'changed', items, lambda samples, item: change(samples, draw_throat(np.random.default_rng(list(item['id'].encode())))))


if __name__ == '__main__':
    main()
