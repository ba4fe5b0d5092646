"""Samples -> the units of a bundle, live and int8: by the step model in lockstep, or by the project's own command line.

The two differ in the last bits of the mel; on 160 sentences of kathleen 36 had a unit that was another, so compare only what one of them said.
The lockstep is three times as fast and has all rates of a bundle from one pass.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from safetensors.numpy import load_file

from bundle.config_json import rates_of, rules_of
from bundle.lockstep import live_outputs
from bundle.units import PROGRAM
from data.mel import SAMPLE_RATE, int16_of, log_mel
from measure.agreement import Said
from segment import segmenter

AT_ONCE = 512  # recordings, for bounded memory and command lines
Listener = Callable[[list[np.ndarray]], dict[str, list[Said]]]


def named_by(vectors: np.ndarray, book: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Units of vectors (segments, D), and how sure: 1 - d1/d2, d1 to the nearest centroid, d2 to the nearest one of another unit."""
    if not len(vectors):
        return np.zeros(0, np.int64), np.zeros(0)
    points, centroids = segmenter.projected(vectors, book), book['centroids']
    distance = np.maximum((points**2).sum(1)[:, None] + (centroids**2).sum(1) - 2 * points @ centroids.T, 0)
    nearest = segmenter.nearest(points, centroids)
    ids = book['units'][nearest]
    other = np.where(book['units'] == ids[:, None], np.inf, distance).min(1)
    return ids, 1 - np.sqrt(distance[np.arange(len(points)), nearest] / np.maximum(other, 1e-30))


def said(out: dict[str, np.ndarray], rate: segmenter.Rate, config: dict, book: dict[str, np.ndarray], cost: np.ndarray) -> Said:
    """Outputs of a recording -> its units live."""
    rules, e = rules_of(config), config['encoder']
    cuts, _, _ = segmenter.live(cost, out['boundary'], rate, rules, chunk=e['chunkTokens'], delay=e['delayTokens'])
    spoken = ~segmenter.pauses(out['speech'], cuts)
    vectors = segmenter.segment_vectors(out['features'], cuts, config['units']['trimTokens'])[spoken]
    at = np.array([segmenter.sample_of(c, rules) for c in cuts])
    ids, sure = named_by(vectors, book)
    return Said(ids, at[:-1][spoken], at[1:][spoken], sure)


def lockstep_listener(bundle: Path, rates: list[str], precision: str = 'int8') -> Listener:
    """All of it in Python, by the bundle's step model."""
    config, book = json.loads((bundle / 'config.json').read_text()), load_file(bundle / 'codebook.safetensors')
    book = {name: value.astype(np.float64) if name != 'units' else value for name, value in book.items()}
    asked = [rate for rate in rates_of(config) if rate.name in rates]

    def listen(recordings: list[np.ndarray]) -> dict[str, list[Said]]:
        found: dict[str, list] = {rate.name: [None] * len(recordings) for rate in asked}
        for at in range(0, len(recordings), AT_ONCE):
            mels = [log_mel(x).numpy() for x in recordings[at : at + AT_ONCE]]
            for i, out in live_outputs(bundle, mels, precision):
                cost = segmenter.costs(out['features'], rules_of(config))
                for rate in asked:
                    found[rate.name][at + i] = said(out, rate, config, book, cost)
        return found

    return listen


def command_listener(bundle: Path, rates: list[str]) -> Listener:
    """By `sylstream tokenize`: what users get, once a rate."""

    def listen(recordings: list[np.ndarray]) -> dict[str, list[Said]]:
        found: dict[str, list] = {rate: [] for rate in rates}
        for at in range(0, len(recordings), AT_ONCE):
            with tempfile.TemporaryDirectory() as name:
                files = [Path(name) / f'{n:06d}.wav' for n in range(len(recordings[at : at + AT_ONCE]))]
                for file, x in zip(files, recordings[at:], strict=False):
                    soundfile.write(file, int16_of(x), SAMPLE_RATE)
                for rate in rates:
                    found[rate] += tokenize(files, bundle, rate)
        return found

    return listen


def tokenize(files: list[Path], bundle: Path, rate: str) -> list[Said]:
    """The units of WAV files by the built command line."""
    out = files[0].parent / f'units-{rate}'
    command = ['node', PROGRAM, 'tokenize', '--bundle', bundle, '--rate', rate, '--no-progress', '--parallel', '16', '--output', f'{out}/', *files]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(f'sylstream tokenize stopped: {ran.stderr.strip() or f"exit code {ran.returncode}"}')
    rows = [[j for j in map(json.loads, (out / f'{file.stem}.jsonl').open()) if not j.get('pause')] for file in files]
    columns = [[np.array([j.get(key, np.nan) for j in row]) for key in ('id', 'start', 'end', 'confidence')] for row in rows]
    return [Said(c[0].astype(np.int64), c[1].astype(np.int64), c[2].astype(np.int64), c[3].astype(np.float64)) for c in columns]
