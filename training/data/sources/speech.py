"""Read speech of people from public repositories and archives -> SPEECH/CORPUS and its rows of the manifest."""

from __future__ import annotations

import csv
import shutil
import tarfile
import urllib.request
from pathlib import Path

import av
import numpy as np
import soundfile

from data.mel import SAMPLE_RATE
from data.sources.manifest import add, recording
from data.sources.repository import clone


def kathleen(speech: Path, url: str, only: str = '') -> None:
    """rhasspy/dataset-voice-kathleen: data/ID.wav (48 kHz) and data/ID.txt. only: what ids begin with."""
    folder = speech / 'kathleen'
    clone(url, folder, [f'/data/{only}*', '/LICENSE'])
    rows = []
    for path in sorted((folder / 'data').glob(f'{only}*.wav')):
        text = path.with_suffix('.txt').read_text(encoding='utf-8').strip()
        rows.append(recording(speech, path, 'kathleen', 'en', 'kathleen', text, accent='US native', gender='f'))
    add(speech, 'kathleen', rows)


def decoded(path: Path) -> np.ndarray:
    """What libsndfile does not read (WebM): mono float32 (N,) at 16 kHz, by FFmpeg's libraries."""
    resampler = av.AudioResampler('flt', 'mono', SAMPLE_RATE)
    with av.open(str(path)) as file:
        frames = [out for frame in file.decode(audio=0) for out in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames])


def kerstin(speech: Path, url: str, only: str = '') -> None:
    """rhasspy/dataset-voice-kerstin: audio/ID.webm, decoded to FLAC beside it, and metadata.csv (id|text)."""
    folder = speech / 'kerstin'
    clone(url, folder, [f'/audio/{only}*', '/*.csv', '/*.md'])
    texts = {}
    for table in folder.glob('*.csv'):
        with table.open(encoding='utf-8', newline='') as file:
            texts |= {Path(row[0]).stem: row[-1] for row in csv.reader(file, delimiter='|', quoting=csv.QUOTE_NONE) if len(row) > 1}
    rows = []
    for path in sorted((folder / 'audio').glob(f'{only}*.webm')):
        sound = path.with_suffix('.flac')
        if not sound.exists():
            soundfile.write(sound, decoded(path), SAMPLE_RATE)
        rows.append(recording(speech, sound, 'kerstin', 'de', 'kerstin', texts.get(path.stem, ''), accent='native', gender='f'))
    add(speech, 'kerstin', rows)


def table_of(path: Path) -> dict[str, str]:
    """A file of Kaldi's: a key, white space, the rest."""
    pairs = (line.split(maxsplit=1) for line in path.read_text(encoding='utf-8').splitlines())
    return {pair[0]: pair[1].strip() for pair in pairs if len(pair) == 2}


def speechocean762(speech: Path, url: str, only: str = '') -> None:
    """SLR101, a tar.gz: WAVE/SPEAKER0001/ID.WAV, and train/ and test/ with text, utt2spk, spk2age, spk2gender. only: what ids begin with."""
    folder = speech / 'speechocean762'
    if not (folder / 'WAVE').exists():
        folder.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(url) as answer, tarfile.open(fileobj=answer, mode='r|gz') as archive:
            archive.extractall(folder, filter='data')
        inner = folder / 'speechocean762'
        for path in inner.iterdir() if inner.exists() else ():
            shutil.move(str(path), folder / path.name)
    sounds = {path.stem: path for path in (folder / 'WAVE').rglob('*.WAV')}
    rows = []
    for half in ('train', 'test'):
        text, speaker, age, gender = (table_of(folder / half / name) for name in ('text', 'utt2spk', 'spk2age', 'spk2gender'))
        for uid in sorted(text):
            if uid in sounds and uid.startswith(only):
                who = speaker[uid]
                more = {'accent': 'Mandarin L1', 'age': int(age[who]), 'gender': gender[who]}
                rows.append(recording(speech, sounds[uid], 'speechocean762', 'en', f'so762-{who}', text[uid], **more))
    add(speech, 'speechocean762', rows)
