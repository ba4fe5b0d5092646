"""The same words by several voices: sentences of the test split by synthesisers that nothing trains on, one word by many people, single digits.

Readings are made once and kept in a folder; what cannot be made or found here is left out aloud.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

import numpy as np
import soundfile
from sklearn.metrics import average_precision_score

from data.batches import thinned
from data.mel import SAMPLE_RATE, AudioError, read_audio
from data.splits import named
from data.voices import kokoro
from data.voices.readings import speak
from measure.agreement import Said, apart
from measure.listen import Listener
from measure.same_word import SpokenWord, pairs

SYNTHESISERS = ('flite-slt', 'ked', 'joe')
PACK = ('kal_diphone', 'ked_diphone', 'cmu_us_slt_arctic_hts')


def synthesised(texts: list[str], voices: Path, folder: Path) -> dict[str, list[np.ndarray]]:
    """Voice -> its readings of all texts, made where they are not there yet. voices: the folder with Kokoro's speakers."""
    out = {}
    for voice in [*SYNTHESISERS, *named()['timed-speech']['test']]:
        files = {text: folder / voice / f'{hashlib.sha256(text.encode()).hexdigest()[:16]}.wav' for text in texts}
        try:
            make(voice, {text: file for text, file in files.items() if not file.exists()}, voices)
            out[voice] = [read_audio(files[text]) for text in texts]
        except (ImportError, OSError, AudioError, SystemExit) as error:
            print(f'no readings by {voice}: {error}', file=sys.stderr)
    return out


def make(voice: str, files: dict[str, Path], voices: Path) -> None:
    """Reads texts by a voice, each into its file."""
    for file in files.values():
        file.parent.mkdir(parents=True, exist_ok=True)
    if voice in SYNTHESISERS:
        with tempfile.TemporaryDirectory() as folder:
            for row in speak([{'id': file.stem, 'text': text, 'voice': voice} for text, file in files.items()], Path(folder)):
                shutil.move(Path(folder) / row['path'], files[row['text']])
        return
    for text, file in files.items():
        soundfile.write(file, kokoro.read_aloud(text, voices / f'{voice}.bin'), SAMPLE_RATE, subtype='PCM_16')


def kind_of(voice: str) -> str:
    """How a voice is called in the table."""
    if voice in named()['timed-speech']['test']:
        return 'Kokoro'
    return 'pack' if voice in PACK else voice


def pack_readings(pack: Path) -> dict[str, list[np.ndarray]]:
    """Voice -> readings of the texts that the Festival part of the evaluation pack has from all three."""
    of = defaultdict(dict)
    for j in json.loads((pack / 'festival.json').read_text()):
        of[j['text']][j['voice']] = pack / j['file']
    shared = [row for row in of.values() if len(row) == len(PACK)]
    return {voice: [read_audio(row[voice]) for row in shared] for voice in PACK}


def between(readings: dict[str, list[Said]]) -> dict[str, dict[str, float]]:
    """Kinds of pairs of voices -> `same`, UED of the same sentence, and `different`, of a sentence and the next one."""
    found = defaultdict(list)
    for a, b in combinations(readings, 2):
        x, y = readings[a], readings[b]
        found[' and '.join(sorted((kind_of(a), kind_of(b))))].append((apart(x, y), apart(x, [*y[1:], y[0]])))
    return {name: {'same': float(np.mean(rows, 0)[0]), 'different': float(np.mean(rows, 0)[1]), 'pairs': len(rows)} for name, rows in found.items()}


def wake_words(folder: Path, most: int) -> list[tuple[str, str, Path]]:
    """Word, speaker (here every file one), file: at most so many of each subfolder of audio/."""
    words = sorted(p for p in (folder / 'audio').iterdir() if p.is_dir())
    files = [(w.name, sorted(w.iterdir())) for w in words]
    return [(word, f'{word}-{p.stem}', p) for word, some in files for p in thinned(some, most)]


def digits(folder: Path, most: int) -> list[tuple[str, str, Path]]:
    """Digit, speaker, file, at most so many takes of each: recordings/DIGIT_SPEAKER_TAKE.wav."""
    parts = [(*p.stem.split('_'), p) for p in sorted((folder / 'recordings').glob('*.wav'))]
    return [(digit, who, p) for digit, who, take, p in parts if int(take) < most]


def recognised(items: Iterable[tuple[str, str, Path]], listen: Listener, rate: str) -> dict[str, float]:
    """Share of words whose nearest other word by another speaker, by edits over the longer one's units, is the same; and average precision."""
    said, recordings, silence = [], [], np.zeros(SAMPLE_RATE // 2, np.float32)
    for word, who, path in items:
        try:
            recordings.append(np.concatenate([silence, read_audio(path, 0.0), silence]))
            said.append((word, who))
        except AudioError as error:
            print(f'left out: {error}', file=sys.stderr)
    heard = listen(recordings)[rate]
    tokens = [SpokenWord(word, who, {rate: s.ids.tolist()}) for (word, who), s in zip(said, heard, strict=True)]
    near, same, both = pairs(tokens, rate)
    nearness, is_same = np.full((len(tokens), len(tokens)), -np.inf), np.zeros((len(tokens), len(tokens)))
    for a, b in (both, both[::-1]):
        nearness[a, b], is_same[a, b] = near, same
    nearest = nearness >= nearness.max(1, keepdims=True) - 1e-9  # several may be as near: each counts its part
    share = (is_same * nearest).sum(1) / nearest.sum(1)
    return {'nearest': float(share.mean()), 'average_precision': float(average_precision_score(same, near)), 'words': len(said)}
