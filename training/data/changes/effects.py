"""What happens to speech on its way, one function each: level, noise, room, band, microphone. Time stays.

Samples are float (n,) at 16 kHz, as many come back, not rounded. SNR is against the mean power of the frames within 35 dB of the loudest.
Whatever is drawn at random comes from `seed`.
"""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import soxr
from scipy.signal import butter, fftconvolve, sosfiltfilt

from data.changes.coded import fitted
from data.mel import SAMPLE_RATE, read_audio
from data.places import SHARED

PACK = SHARED / 'eval-pack'
FRAME = 320  # samples over which a level is taken
TALKERS = 8  # of babble


def level(samples: np.ndarray) -> float:
    """Mean power of the frames that are within 35 dB of the loudest: speech without its pauses."""
    whole = samples[: len(samples) // FRAME * FRAME].astype(np.float64)
    power = (whole.reshape(-1, FRAME) ** 2).mean(1) if len(whole) else np.array([(samples.astype(np.float64) ** 2).mean()])
    return float(power[power >= power.max() * 10**-3.5].mean())


def gain(samples: np.ndarray, db: float) -> np.ndarray:
    """Louder or quieter, but never clipped."""
    return samples * min(10 ** (db / 20), 0.999 / max(1e-9, float(np.abs(samples).max())))


def added(samples: np.ndarray, sound: np.ndarray, snr_db: float) -> np.ndarray:
    """`sound` under the speech, so many dB lower."""
    return samples + sound * np.sqrt(level(samples) * 10 ** (-snr_db / 10) / max(1e-20, float((sound.astype(np.float64) ** 2).mean())))


def noise(samples: np.ndarray, snr_db: float, seed: int, colour: float = 1.0, swell_db: float = 0.0, low: float = 20) -> np.ndarray:
    """Noise whose power falls as f^-colour from `low` Hz up: 0 white, 1 pink, 2 brown; swell_db: how far its level moves, over about a second."""
    rng, size = np.random.default_rng(seed), len(samples)
    f = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    spectrum = np.fft.rfft(rng.normal(size=size)) * np.where((f < low) | (f == 0), 0, np.maximum(f, 1e-9) ** (-colour / 2))
    knots = rng.uniform(-swell_db / 2, swell_db / 2, 2 + size // SAMPLE_RATE)
    swell = np.interp(np.arange(size), np.arange(len(knots)) * SAMPLE_RATE, knots)
    return added(samples, np.fft.irfft(spectrum, size) * 10 ** (swell / 20), snr_db)


def hum(samples: np.ndarray, snr_db: float, seed: int) -> np.ndarray:
    """Mains: 50 or 60 Hz and its harmonics."""
    rng, t = np.random.default_rng(seed), np.arange(len(samples)) / SAMPLE_RATE
    base = rng.choice([50.0, 60.0])
    waves = [rng.random() / k * np.sin(2 * np.pi * (base * k * t + rng.random())) for k in range(1, 16)]
    return added(samples, np.sum(waves, 0), snr_db)


def room(samples: np.ndarray, rt60: float, direct_db: float, seed: int) -> np.ndarray:
    """A made-up room: the direct sound at sample 0, ten early reflections, a tail that decays by 60 dB in rt60 s, the higher the faster.

    direct_db: the direct sound's energy over that of all the rest.
    """
    rng, size = np.random.default_rng(seed), int(rt60 * SAMPLE_RATE)
    t = np.arange(size) / SAMPLE_RATE
    tail = np.zeros(size)
    for low, high, faster in ((60, 500, 0.9), (500, 2000, 1.0), (2000, 7900, 1.4)):
        band = sosfiltfilt(butter(2, (low, high), 'bandpass', fs=SAMPLE_RATE, output='sos'), rng.normal(size=size))
        tail += band * 10 ** (-3 * faster * t / rt60)
    tail[: int(0.004 * SAMPLE_RATE)] = 0
    at = rng.integers(int(0.001 * SAMPLE_RATE), int(0.04 * SAMPLE_RATE), 10)
    tail[at] += rng.choice([-1, 1], 10) * rng.random(10) * np.abs(tail).max() * 3
    tail *= 10 ** (-direct_db / 20) / np.sqrt((tail**2).sum())
    out = fftconvolve(samples, np.concatenate([[1.0], tail[1:]]))[: len(samples)]
    return gain(out * np.sqrt(level(samples) / max(1e-20, level(out))), 0)


def band(samples: np.ndarray, low: float, high: float) -> np.ndarray:
    """Only low to high Hz, without a delay."""
    return sosfiltfilt(butter(3, (low, min(high, 7900)), 'bandpass', fs=SAMPLE_RATE, output='sos'), samples)


def tone(samples: np.ndarray, seed: int, depth_db: float) -> np.ndarray:
    """Another microphone: a smooth random curve over the octaves, ±depth_db, without a delay."""
    rng, f = np.random.default_rng(seed), np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    octaves = np.log2(np.maximum(f, 60) / 60)
    curve = np.interp(octaves, np.linspace(0, 7.1, 8), rng.uniform(-depth_db, depth_db, 8))
    out = np.fft.irfft(np.fft.rfft(samples) * 10 ** (curve / 20), len(samples))
    return gain(out * np.sqrt(level(samples) / max(1e-20, level(out))), 0)


def clip(samples: np.ndarray, db: float) -> np.ndarray:
    """An overdriven microphone: what is less than `db` under the peak is cut flat; as loud as before."""
    top = float(np.abs(samples).max()) * 10 ** (-db / 20)
    out = np.clip(samples, -top, top)
    return gain(out * np.sqrt(level(samples) / max(1e-20, level(out))), 0)


def sox_room(samples: np.ndarray, reverberance: float, damping: float, scale: float) -> np.ndarray:
    """sox's reverb. It runs 12 dB lower, where sox does not clip."""
    raw = ['-t', 'raw', '-e', 'floating-point', '-b', '32', '-r', str(SAMPLE_RATE), '-c', '1']
    command = ['sox', *raw, '-', *raw, '-', 'reverb', *(f'{v:g}' for v in (reverberance, damping, scale))]
    out = subprocess.run(command, input=(samples / 4).astype('<f4').tobytes(), capture_output=True, check=True).stdout
    return fitted(4 * np.frombuffer(out, '<f4'), len(samples))


@cache
def strangers(pack: Path) -> list[np.ndarray]:
    """The French and Russian prompts of the evaluation pack, which nothing trains on and no English test measures."""
    rows = [j for name in ('asterisk-fr', 'asterisk-ru') for j in json.loads((pack / f'{name}.json').read_text())]
    return [read_audio(pack / j['file']) for j in rows]


def babble(samples: np.ndarray, snr_db: float, seed: int) -> np.ndarray:
    """TALKERS people at once, in French and Russian, each at a tempo and pitch of their own."""
    rng, out = np.random.default_rng(seed), np.zeros(len(samples))
    for _ in range(TALKERS):
        factor, said = rng.uniform(0.85, 1.18), np.zeros(0, np.float32)
        while len(said) < len(samples) + SAMPLE_RATE:
            one = strangers(PACK)[rng.integers(len(strangers(PACK)))]
            said = np.concatenate([said, soxr.resample(one / np.sqrt(level(one)), SAMPLE_RATE * factor, SAMPLE_RATE)])
        out += said[rng.integers(SAMPLE_RATE) :][: len(samples)]
    return added(samples, out, snr_db)


def room_tone(samples: np.ndarray, size: int, seed: int = 0) -> np.ndarray:
    """`size` samples of what a recording is where nobody speaks: noise with the mean spectrum of its quietest tenth, at least -80 dB."""
    window, rng = np.hanning(512), np.random.default_rng(seed)
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), 512)[::256] * window
    power = np.abs(np.fft.rfft(frames)) ** 2
    quiet = power[np.argsort(power.sum(1))[: max(1, len(power) // 10)]].mean(0) / (window**2).sum()
    spectrum = np.fft.rfft(rng.normal(size=size))
    shape = np.sqrt(np.interp(np.linspace(0, 1, len(spectrum)), np.linspace(0, 1, 257), quiet) + 1e-8)
    return np.fft.irfft(spectrum * shape, size).astype(np.float32)
