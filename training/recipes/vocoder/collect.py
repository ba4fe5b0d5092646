"""`collect`: shards of data/shards.py → what the vocoder learns from. Resumable: a corpus whose frames are there is left out.

    python -m recipes.vocoder.collect --run runs/vocoder

Of each corpus up to --hours of its training utterances, voices of one speaker only. Writes RUN/CORPUS/wav/ID.wav, manifest.jsonl (path, speaker,
text, first, frames) and frames.npy (T, 67) float16; `python -m bundle.units RUN/CORPUS` then writes units.jsonl beside them. 2 minutes an hour of
speech.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import soundfile

from data.batches import Utterance, load_shards
from data.mel import SAMPLE_RATE
from data.places import RUNS
from recipes.vocoder.frames import analyse

HOURS = {'kathleen': 1.2, 'flite-rms': 0.6, 'flite-awb': 0.6, 'timed-speech': 2.0}
LEAST = 60.0  # seconds of a speaker, to be a voice


def one_speaker(utterances: list[Utterance], hours: float, least: float = LEAST) -> list[Utterance]:
    """Those of speakers with `least` seconds or more (no blend of two), by turns until there are so many hours."""
    by_speaker: dict[str, list[Utterance]] = defaultdict(list)
    for u in utterances:
        if '+' not in u.speaker and u.wave is not None:
            by_speaker[u.speaker].append(u)
    voices = {s: rows for s, rows in by_speaker.items() if sum(len(u.wave) for u in rows) >= least * SAMPLE_RATE}
    out, total = [], 0
    for turn in range(max(map(len, voices.values()), default=0)):
        for rows in voices.values():
            if turn < len(rows) and total < hours * 3600 * SAMPLE_RATE:
                out.append(rows[turn])
                total += len(rows[turn].wave)
    return out


def collect(utterances: list[Utterance], out: Path) -> None:
    (out / 'wav').mkdir(parents=True, exist_ok=True)
    rows, frames, first = [], [], 0
    for u in utterances:
        samples = np.asarray(u.wave, np.float32) / 32768
        got = analyse(samples)
        path = f'wav/{u.uid.replace("/", "_")}.wav'
        soundfile.write(out / path, u.wave, SAMPLE_RATE, subtype='PCM_16')
        rows.append({'path': path, 'speaker': u.speaker, 'first': first, 'frames': len(got)})
        frames.append(got.astype(np.float16))
        first += len(got)
    (out / 'manifest.jsonl').write_text(''.join(json.dumps(row) + '\n' for row in rows))
    np.save(out / 'frames.npy', np.concatenate(frames))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--run', type=Path, default=RUNS / 'vocoder')
    parser.add_argument('--corpora', nargs='+', default=list(HOURS))
    parser.add_argument('--hours', type=float, help='of each corpus (default: as HOURS says)')
    parser.add_argument('--least', type=float, default=LEAST, help='seconds of a speaker, to be a voice')
    args = parser.parse_args()
    for corpus in args.corpora:
        if (args.run / corpus / 'frames.npy').exists():
            continue
        started = time.time()
        utterances = one_speaker(load_shards(args.data, [corpus], timed=False), args.hours or HOURS.get(corpus, 1.0), args.least)
        collect(utterances, args.run / corpus)
        print(f'{corpus}: {len(utterances)} utterances, {time.time() - started:.0f} s', flush=True)


if __name__ == '__main__':
    main()
