"""Shards -> training batches: crops with their labels, cheap augmentation on the mel, and 16-second concatenations.

Everything random is drawn from (seed, step), so a resumed run sees the same batches as an unbroken one.
Letters: B crops, T tokens of 20 ms, F = 2 T frames; time-stretched crops read their labels at the stretched times.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from data.mel import CENTRE, EDGE, FLOOR, TOKEN
from data.shards import CORPORA, boundaries

T = TypeVar('T')
COLUMNS = ('id', 'corpus', 'speaker', 'split', 'first', 'frames', 'syllables', 'phones', 'weak')  # of utterances.jsonl, that loading needs


@dataclass
class Utterance:
    """One utterance of a shard, with its label times as arrays (seconds)."""

    mel: np.ndarray  # (F, 128) float16, a view of the shard's memory map
    corpus: str
    speaker: str
    uid: str
    edges: np.ndarray  # (n,) syllable boundaries
    weak: np.ndarray  # (m,) boundaries that are not agreed on
    syllables: np.ndarray  # (k, 2) start and end
    phone_ends: np.ndarray  # (p,) ends of the phones, ascending
    phone_class: np.ndarray  # (p,)
    labels: list[str]  # (k,) what each syllable is
    path: str = ''  # of the audio
    words: list[tuple[float, float, str]] | None = None  # start, end, word
    wave: np.ndarray | None = None  # (N,) int16 samples, a view of the shard's memory map; None where the shard has none


def thinned(items: list[T], most: int) -> list[T]:
    """At most so many of them, evenly spread over all."""
    return items[:: max(1, len(items) // most)][:most]


def load_shards(folder: Path, names: list[str] | None = None, split: str = 'train', timed: bool = True) -> list[Utterance]:
    """Every utterance of one split, `timed`: only those whose times are known.

    Raises FileNotFoundError when a named shard is not there, and ValueError, with file and line, for a row that is no row of a shard.
    """
    names = names or sorted(p.parent.name for p in folder.glob('*/utterances.jsonl'))
    out = []
    for name in names:
        path = folder / name / 'utterances.jsonl'
        if not path.exists():
            raise FileNotFoundError(f'{path}: expected a shard of data/shards.py; run it for {name} first')
        mel = np.load(folder / name / 'mel.npy', mmap_mode='r')
        samples = folder / name / 'wave.npy'
        wave = np.load(samples, mmap_mode='r') if samples.exists() else None
        for number, line in enumerate(path.open(encoding='utf-8'), 1):
            j = read_row(line, f'{path} line {number}', len(mel))
            if j['split'] != split or (timed and not j['syllables']):
                continue
            phones = sorted(j['phones'], key=lambda p: p[1])
            out.append(
                Utterance(
                    mel[j['first'] : j['first'] + j['frames']], j['corpus'], j['speaker'], j['id'],
                    np.array(boundaries(j['syllables'])), np.array(j['weak']), np.array([s[:2] for s in j['syllables']]),
                    np.array([p[2] for p in phones]), np.array([p[0] for p in phones], np.int64), [s[2] for s in j['syllables']],
                    j.get('path', ''), j.get('words', []), None if wave is None else wave[j['sample'] : j['sample'] + j['samples']],
                )
            )  # fmt: skip
    return out


def read_row(line: str, where: str, frames: int) -> dict:
    """One line of utterances.jsonl; raises ValueError that says what was expected and what came."""
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f'{where}: expected a JSON object, got {line[:60]!r}') from error
    missing = [column for column in COLUMNS if column not in row]
    if missing:
        raise ValueError(f'{where}: expected the columns {", ".join(COLUMNS)}, got {", ".join(row)}; missing: {", ".join(missing)}')
    if row['first'] + row['frames'] > frames:
        raise ValueError(f'{where}: expected frames up to {row["first"] + row["frames"]}, mel.npy holds {frames}')
    return row


def token_labels(u: Utterance, tokens: int, start: float = 0.0, stretch: float = 1.0, weak_weight: float = 0.3) -> dict[str, np.ndarray]:
    """Labels of `tokens` tokens from `start` seconds on, time running `stretch` times as fast."""
    centre = start + (np.arange(tokens) * TOKEN + CENTRE) * stretch
    boundary = np.zeros(tokens, np.float32)
    weight = np.ones(tokens, np.float32)

    def place(times: np.ndarray) -> np.ndarray:
        i = ((times - start) / stretch - EDGE) / TOKEN
        return np.round(i[(i > -0.5) & (i < tokens - 0.5)]).astype(int)

    boundary[place(u.edges)] = 1
    for i in place(u.weak):
        weight[max(0, i - 1) : i + 2] = weak_weight
    if len(u.phone_ends):
        k = np.minimum(np.searchsorted(u.phone_ends, centre), len(u.phone_ends) - 1)
        phone = np.where(centre < u.phone_ends[-1], u.phone_class[k], 0)
    else:
        phone = np.full(tokens, -1)  # no phones known: no loss
    k = np.searchsorted(u.syllables[:, 0], centre, side='right') - 1
    inside = (k >= 0) & (centre < u.syllables[np.maximum(k, 0), 1])
    syllable = np.where(inside, k, -1)
    return {'boundary': boundary, 'weight': weight, 'phone': phone, 'speech': inside.astype(np.float32), 'syllable': syllable}


def stretch_mel(mel: np.ndarray, first: float, frames: int, stretch: float) -> np.ndarray:
    """`frames` frames read from frame `first` on at `stretch` times the speed, linearly between neighbours."""
    at = first + np.arange(frames) * stretch
    low = np.minimum(at.astype(int), len(mel) - 1)
    high = np.minimum(low + 1, len(mel) - 1)
    share = (at - at.astype(int)).astype(np.float32)[:, None]
    return mel[low].astype(np.float32) * (1 - share) + mel[high].astype(np.float32) * share


def augment(mel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One recording (F, 128) as another microphone, room and throat might have given it; about 0.3 ms a second of speech."""
    bins = np.arange(128, dtype=np.float32)
    if rng.random() < 0.5:  # vocal tract: the mel axis scaled by up to 12 %
        at = np.clip(bins * rng.uniform(0.89, 1.12), 0, 126.999)
        low, share = at.astype(int), at - at.astype(int)
        mel = mel[:, low] * (1 - share) + mel[:, low + 1] * share
    mel = mel + rng.normal(0, 2.0)  # level, log power
    if rng.random() < 0.5:  # tilt and a smooth response of the channel
        mel = mel + rng.normal(0, 1.0) * (bins / 64 - 1)
        mel = mel + rng.normal(0, 0.8) * np.sin(2 * np.pi * (bins / 128 * rng.uniform(0.5, 2.5) + rng.random()))
    if rng.random() < 0.2:  # reverberation: each band's power dies away over 0.1 to 0.6 s
        keep = np.float32(np.exp(-13.8 * 0.01 / rng.uniform(0.1, 0.6)))
        share = np.float32(rng.uniform(0.03, 0.25))
        power, tail = np.exp(mel), np.zeros(128, np.float32)
        for t in range(len(power)):
            old = tail
            tail = (tail + power[t] * share) * keep
            power[t] += old
        mel = np.log(np.maximum(power, 1.2e-7))
    if rng.random() < 0.5:  # stationary noise of a random colour at 0 to 35 dB below the loudest frames
        level = np.percentile(mel.max(1), 90) - rng.uniform(1.0, 8.0)
        colour = level + rng.normal(0, 1.0) * (bins / 64 - 1) - np.abs(rng.normal(0, 1.0, 1))
        grain = np.log(rng.gamma(2.0, 0.5, mel.shape).astype(np.float32) + 1e-3)
        mel = np.logaddexp(mel, (colour + grain).astype(np.float32))
    if rng.random() < 0.3:  # a band-limited channel: nothing above 3.4 to 7 kHz but faint noise
        cut = int(rng.uniform(82, 123))
        mel = mel.copy()
        mel[:, cut:] = np.minimum(mel[:, cut:], rng.uniform(FLOOR, -9.0) + rng.normal(0, 0.5, mel[:, cut:].shape))
    for _ in range(rng.integers(0, 3)):  # frequency masks
        width = int(rng.integers(2, 14))
        at = int(rng.integers(0, 128 - width))
        mel = mel.copy()
        mel[:, at : at + width] = mel.mean()
    return np.maximum(mel, FLOOR).astype(np.float32)


@dataclass
class Batches:
    """Draws batches by step number. `weights` says how often each corpus is drawn per hour that it has (1 = as it comes)."""

    utterances: list[Utterance]
    mean: float
    std: float
    seed: int = 0
    weights: dict[str, float] | None = None
    plain: float = 0.15  # share of crops that are left as they are

    def __post_init__(self) -> None:
        if not self.utterances:
            raise ValueError('expected at least one utterance to train on, got none')
        there = {u.corpus for u in self.utterances} | set(CORPORA)
        unknown = set(self.weights or {}) - there
        if unknown:
            raise ValueError(f'--weights: expected corpora among {", ".join(sorted(there))}, got {", ".join(sorted(unknown))}')
        share = np.array([len(u.mel) * (self.weights or {}).get(u.corpus, 1.0) for u in self.utterances], np.float64)
        self.share = np.cumsum(share / share.sum())

    def pick(self, rng: np.random.Generator) -> Utterance:
        return self.utterances[min(int(np.searchsorted(self.share, rng.random())), len(self.utterances) - 1)]

    def sound(self, rng: np.random.Generator, tokens: int) -> tuple[np.ndarray, tuple[Utterance, int, float]]:
        """At most `tokens` tokens of one utterance, augmented: mel (2 t, 128); and where it is from: utterance, first frame, stretch."""
        u = self.pick(rng)
        stretch = float(np.exp(rng.uniform(-0.2, 0.2))) if rng.random() < 0.6 else 1.0
        have = int(len(u.mel) / stretch) // 2
        t = min(tokens, have)
        first = int(rng.integers(0, max(1, int(len(u.mel) - 2 * t * stretch) + 1)))
        mel = stretch_mel(u.mel, first, 2 * t, stretch)
        if rng.random() >= self.plain:
            mel = augment(mel, rng)
        return mel, (u, first, stretch)

    def piece(self, rng: np.random.Generator, tokens: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The same with its labels (t,)."""
        mel, (u, first, stretch) = self.sound(rng, tokens)
        return mel, token_labels(u, len(mel) // 2, first * 0.01, stretch)

    def audio(self, step: int, crops: int, tokens: int) -> np.ndarray:
        """Sound alone, (B, 2 T, 128) normalised: every row is filled to its end with one piece after another."""
        rng = np.random.default_rng((self.seed, step))
        mel = np.zeros((crops, 2 * tokens, 128), np.float32)
        for row in mel:
            at = 0
            while at < 2 * tokens:
                m, _ = self.sound(rng, tokens - at // 2)
                row[at : at + len(m)] = m
                at += len(m)
        return (0.5 * (mel - self.mean) / self.std).astype(np.float32)

    def batch(self, step: int, crops: int, tokens: int, pieces: int = 1) -> dict[str, np.ndarray]:
        """mel (B, 2 T, 128) normalised, lengths (B,), and labels (B, T); `pieces` utterances a row are put one after another."""
        rng = np.random.default_rng((self.seed, step))
        names = ('boundary', 'weight', 'phone', 'speech')
        mel = np.zeros((crops, 2 * tokens, 128), np.float32)
        labels = {n: np.zeros((crops, tokens), np.int64 if n == 'phone' else np.float32) for n in names}
        lengths = np.zeros(crops, np.int64)
        for row in range(crops):
            at = 0
            for _ in range(pieces):
                if tokens - at < 20:
                    break
                m, got = self.piece(rng, tokens - at)
                t = len(m) // 2
                mel[row, 2 * at : 2 * (at + t)] = 0.5 * (m - self.mean) / self.std
                for n in names:
                    labels[n][row, at : at + t] = got[n]
                at += t
            lengths[row] = at
        return {'mel': mel, 'lengths': lengths, **labels}


def some_hours(utterances: list[Utterance], hours: float, seed: int) -> list[Utterance]:
    """A random choice that is just longer than `hours`; all of them if they are shorter."""
    order = np.random.default_rng(seed).permutation(len(utterances))
    total = np.cumsum([len(utterances[k].mel) for k in order]) / 360_000
    return [utterances[k] for k in order[: int(np.searchsorted(total, hours)) + 1]]


def mel_statistics(utterances: list[Utterance], sample: int = 400) -> tuple[float, float]:
    """Mean and standard deviation of the log-mel of a spread of utterances."""
    some = utterances[:: max(1, len(utterances) // sample)]
    values = np.concatenate([np.asarray(u.mel[::4], np.float32) for u in some])
    return round(float(values.mean()), 3), round(float(values.std()), 3)
