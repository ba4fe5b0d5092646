"""Ways to find syllables that need no training, for the same table as a bundle: chance, envelope minima, Praat's nuclei, findsylls.

Each takes a recording and returns its boundaries in seconds. None has a shift or a setting fitted to the sets it is compared on, but
the envelope's dip and smoothing, which come from a small sweep (1.5 dB, 30 ms).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from data.mel import SAMPLE_RATE


@dataclass
class Recording:
    """One utterance to be judged: log-mel (F, 128), reference boundaries (seconds), and where its sound lies ('' if that is not known)."""

    mel: Tensor
    edges: np.ndarray
    speaker: str = ''
    path: str = ''


def sounding(mel: Tensor, pause: float = 0.12) -> list[tuple[float, float]]:
    """Stretches (seconds) within 32 dB of the loud frames, pauses under `pause` bridged."""
    level = 10 * np.log10(np.exp(mel.numpy().astype(np.float64)).sum(1) + 1e-9)
    on = np.flatnonzero(level > np.percentile(level, 98) - 32)
    if not len(on):
        return []
    breaks = np.flatnonzero(np.diff(on) > pause * 100)
    starts, ends = on[np.r_[0, breaks + 1]], on[np.r_[breaks, len(on) - 1]]
    return [(0.01 * a + 0.0125, 0.01 * b + 0.0125) for a, b in zip(starts, ends, strict=True) if b - a > 5]


def uniform(mel: Tensor, hz: float = 4.6) -> np.ndarray:
    """Equal steps inside sounding stretches: chance."""
    out: list[float] = []
    for a, b in sounding(mel):
        out.extend(np.linspace(a, b, max(1, round((b - a) * hz)) + 1))
    return np.array(out)


def kept_peaks(level: np.ndarray, least: float, dip: float) -> list[int]:
    """Indices of the local maxima above `least` dB with a dip of more than `dip` dB between any two; of two without one, the higher."""
    tops: list[int] = []
    for i in range(1, len(level) - 1):
        if not (level[i - 1] < level[i] >= level[i + 1]) or level[i] < least:
            continue
        if tops and min(level[tops[-1]], level[i]) - level[tops[-1] : i].min() <= dip:
            if level[i] > level[tops[-1]]:
                tops[-1] = i
        else:
            tops.append(i)
    return tops


def envelope_minima(mel: Tensor) -> np.ndarray:
    """Minima between peaks of the smoothed 300 to 3500 Hz level, at least 1.5 dB deep."""
    power = np.exp(mel.numpy().astype(np.float64))
    kernel = np.exp(-0.5 * (np.arange(-12, 13) / 3) ** 2)  # 30 ms
    db = 10 * np.log10(np.convolve(power[:, 17:96].sum(1), kernel / kernel.sum(), 'same') + 1e-9)
    out: list[float] = []
    for a, b in sounding(mel):
        part = db[int(a * 100) : int(b * 100) + 1]
        tops = kept_peaks(part, np.percentile(db, 99) - 25, 1.5)
        lows = [p + int(np.argmin(part[p:q])) for p, q in zip(tops, tops[1:], strict=False)]
        out += [a, *(a + 0.01 * i for i in lows), b]
    return np.array(out)


def praat_nuclei(samples: np.ndarray, dip: float = 2.0, silence: float = -25.0, pause: float = 0.1) -> np.ndarray:
    """Praat's syllable nuclei after de Jong & Wempe 2009 (voiced intensity peaks with dips of `dip` dB), cut at the minima between.

    dip: dB; silence: dB below the loudest; pause: seconds.
    """
    import parselmouth
    from parselmouth.praat import call

    sound = parselmouth.Sound(samples.astype(np.float64), SAMPLE_RATE)
    intensity = sound.to_intensity(50, 0.005, True)
    times, level = intensity.xs(), intensity.values[0]
    least = max(call(intensity, 'Get quantile', 0, 0, 0.99) + silence, level.min())
    pitch = sound.to_pitch_ac(0.02, 60, 15, False, 0.03, 0.3, 0.01, 0.35, 0.25, 450)
    grid = call(intensity, 'To TextGrid (silences)', silence, pause, 0.05, 'silent', 'sounding')
    count = call(grid, 'Get number of intervals', 1)
    parts = [tuple(call(grid, f'Get {edge} time of interval', 1, k) for edge in ('start', 'end')) for k in range(1, count + 1)]
    loud = [call(grid, 'Get label of interval', 1, k) == 'sounding' for k in range(1, count + 1)]
    out: list[float] = []
    for (a, b), heard in zip(parts, loud, strict=True):
        peaks = [p for p in kept_peaks(level, least, dip) if a <= times[p] < b and not np.isnan(pitch.get_value_at_time(times[p]))]
        if heard and peaks:
            lows = [p + int(np.argmin(level[p:q])) for p, q in zip(peaks, peaks[1:], strict=False)]
            out += [a, *(times[i] for i in lows), b]
    return np.array(out)


def findsylls_peaks(samples: np.ndarray, envelope: str = 'sbs') -> np.ndarray:
    """The PyPI package findsylls: peaks of an amplitude envelope, with its own defaults ('sbs' is its first example's)."""
    from findsylls.pipeline.pipeline import segment_loaded_audio

    found, _, _ = segment_loaded_audio(samples, SAMPLE_RATE, 'peakdetect', {'envelope_method': envelope}, return_envelope=False)
    edges = sorted({round(float(t), 4) for start, _, end in found for t in (start, end)})
    return np.array(edges)


OF_MEL: dict[str, Callable[[Tensor], np.ndarray]] = {'envelope minima': envelope_minima, 'uniform': uniform}
OF_SOUND: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    'Praat nuclei': praat_nuclei,
    'findsylls, sbs': findsylls_peaks,
    'findsylls, theta': lambda samples: findsylls_peaks(samples, 'theta'),
}
