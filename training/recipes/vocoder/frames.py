"""Speech → frames of the synthesis, by WORLD: every 10 ms the pitch, whether it is voiced, 60 bands of envelope, 5 of aperiodicity.

A frame is 67 numbers: log F0 (Hz; drawn through where nothing is voiced), voiced (0 or 1), the natural logarithm of the power envelope at
BANDS places evenly spaced in mel from 0 Hz to 8 kHz, the aperiodicity (amplitude, 0 to 1) at NOISE places evenly spaced from 0 Hz to 8 kHz.
Frame n speaks of sample 160 n. White noise of variance 1 has the envelope 0.
"""

from __future__ import annotations

import numpy as np
import pyworld

from data.mel import SAMPLE_RATE

HOP = 160  # samples
BANDS = 60
NOISE = 5
WIDTH = 2 + BANDS + NOISE
ENVELOPE = slice(2, 2 + BANDS)
APERIODICITY = slice(2 + BANDS, WIDTH)
FLOOR = np.log(1e-9)  # of the envelope: -90 dB
FINE = 8  # points a band that the envelope is averaged over
PITCH = (60.0, 500.0)  # Hz


def mel(hz: np.ndarray | float) -> np.ndarray:
    return 1127 * np.log1p(np.asarray(hz) / 700)


def hertz(m: np.ndarray | float) -> np.ndarray:
    return 700 * np.expm1(np.asarray(m) / 1127)


CENTRES = hertz(np.linspace(0, mel(SAMPLE_RATE / 2), BANDS))  # (60,) Hz
NOISE_CENTRES = np.linspace(0, SAMPLE_RATE / 2, NOISE)  # (5,) Hz


def analyse(samples: np.ndarray) -> np.ndarray:
    """Samples (n,) at 16 kHz in [-1, 1] -> frames (n // 160 + 1, 67) float32."""
    x = np.ascontiguousarray(samples, np.float64)
    f0, times = pyworld.dio(x, SAMPLE_RATE, f0_floor=PITCH[0], f0_ceil=PITCH[1], frame_period=10.0)
    f0 = pyworld.stonemask(x, f0, times, SAMPLE_RATE)
    power = pyworld.cheaptrick(x, f0, times, SAMPLE_RATE)
    noise = pyworld.d4c(x, f0, times, SAMPLE_RATE)
    voiced = f0 > 0
    out = np.zeros((len(f0), WIDTH), np.float32)
    at = np.flatnonzero(voiced)
    out[:, 0] = np.interp(np.arange(len(f0)), at, np.log(f0[at])) if len(at) else np.log(150.0)
    out[:, 1] = voiced
    out[:, ENVELOPE] = bands_of(np.log(np.maximum(power, 1e-9)))
    hz = np.linspace(0, SAMPLE_RATE / 2, noise.shape[1])
    out[:, APERIODICITY] = noise[:, np.searchsorted(hz, NOISE_CENTRES)]
    return out


def bands_of(log_power: np.ndarray) -> np.ndarray:
    """Log power at evenly spaced frequencies (t, bins) -> at the mel places (t, 60), each a triangle over its neighbours."""
    bins = log_power.shape[1]
    fine = hertz(np.linspace(0, mel(SAMPLE_RATE / 2), (BANDS - 1) * FINE + 1)) / (SAMPLE_RATE / 2) * (bins - 1)
    low = np.minimum(fine.astype(int), bins - 2)
    share = fine - low
    dense = log_power[:, low] * (1 - share) + log_power[:, low + 1] * share
    kernel = 1 - np.abs(np.arange(-FINE + 1, FINE)) / FINE
    padded = np.pad(dense, ((0, 0), (FINE - 1, FINE - 1)), mode='edge')
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * FINE - 1, axis=1)[:, ::FINE]
    return windows @ (kernel / kernel.sum())
