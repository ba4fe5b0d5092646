"""Frames → sound, as docs/bundle.md ("speak/") has it: the reference for src/speak, written on its own with numpy's transform.

Pulses at the pitch and white noise, each shaped by the frame's envelope made minimum-phase, 20 ms windows that sum to 1.
"""

from __future__ import annotations

import numpy as np

from data.mel import SAMPLE_RATE
from recipes.vocoder.frames import APERIODICITY, BANDS, ENVELOPE, HOP, NOISE_CENTRES, mel

POINTS = 1024  # of the transform
LOWEST = 3  # bins below are silent: 0 to 46.9 Hz
WINDOW = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2 * HOP) / (2 * HOP))


def white(first: int, count: int) -> np.ndarray:
    """White noise of variance 1, evenly spread: a hash of each sample's index (MurmurHash3's finaliser)."""
    h = (np.arange(first, first + count, dtype=np.int64) % 2**32).astype(np.uint64)
    mask = np.uint64(0xFFFFFFFF)
    h = (h * np.uint64(0x9E3779B1) + np.uint64(0x7F4A7C15)) & mask
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h ^= h >> np.uint64(shift)
        h = (h * np.uint64(factor)) & mask
    h ^= h >> np.uint64(16)
    return (h.astype(np.float64) / 2**31 - 1) * np.sqrt(3)


def pulses(log_f0: np.ndarray) -> list[tuple[float, float]]:
    """Where pulses lie (samples, with a fraction) and how high they are (the root of the period in samples)."""
    f0, phase, out = np.exp(log_f0.astype(np.float64)), 0.0, []
    for n in range(len(f0) - 1):
        for s in range(HOP):
            step = (f0[n] + (f0[n + 1] - f0[n]) * (s + 0.5) / HOP) / SAMPLE_RATE
            phase += step
            if phase >= 1:
                phase -= 1
                out.append((n * HOP + s + 1 - phase / step, step**-0.5))
    return out


def minimum_phase(log_power: np.ndarray) -> np.ndarray:
    """Natural log of a power spectrum (513,) -> the minimum-phase spectrum with that power."""
    cepstrum = np.fft.irfft(log_power / 2)
    cepstrum[1 : POINTS // 2] *= 2
    cepstrum[POINTS // 2 + 1 :] = 0
    return np.exp(np.fft.rfft(cepstrum))


def synthesise(frames: np.ndarray, sharpen: float = 0.0) -> np.ndarray:
    """Frames (t, 67) -> samples ((t - 1) * 160,)."""
    bins = np.arange(POINTS // 2 + 1)
    hz = bins * SAMPLE_RATE / POINTS
    at = mel(hz) / mel(SAMPLE_RATE / 2) * (BANDS - 1)
    placed = pulses(frames[:, 0])
    out = np.zeros(len(frames) * HOP + POINTS)
    for n, frame in enumerate(frames.astype(np.float64)):
        envelope = frame[ENVELOPE]
        if sharpen:
            padded = np.pad(envelope, 2, mode='edge')
            envelope = envelope + sharpen * (envelope - np.convolve(padded, np.ones(5) / 5, 'valid'))
        voiced = frame[1] > 0.5
        rough = np.interp(hz, NOISE_CENTRES, frame[APERIODICITY]) if voiced else np.ones(len(bins))
        spectrum = np.fft.rfft(white(HOP * (n - 1), 2 * HOP) * WINDOW, POINTS) * rough
        if voiced:
            for t, height in placed:
                offset = t - HOP * (n - 1)
                if 0 <= offset < 2 * HOP:
                    height_here = height * (0.5 - 0.5 * np.cos(np.pi * offset / HOP))
                    spectrum += np.sqrt(1 - rough**2) * height_here * np.exp(-2j * np.pi * bins * offset / POINTS)
        spectrum *= minimum_phase(np.interp(at, np.arange(BANDS), envelope))
        spectrum[:LOWEST] = 0
        out[HOP * n : HOP * n + POINTS] += np.fft.irfft(spectrum)
    return out[HOP : HOP * len(frames)]
