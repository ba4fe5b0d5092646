"""Log-mel features, the front end (docs/bundle.md, "mel"), and reading audio files.

The definition is torchaudio's Kaldi filter bank with every parameter written out; the runtime computes the same numbers.
Shapes: N samples at 16 kHz, T frames of 10 ms, 128 mel bins.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch
from torch import Tensor
from torchaudio.compliance import kaldi

SAMPLE_RATE = 16_000
FRAME_SAMPLES = 400  # 25 ms window
HOP_SAMPLES = 160  # 10 ms
TOKEN_SAMPLES = 320  # 20 ms
TOKEN = 0.02  # seconds
CENTRE = 0.0175  # seconds from a token's first sample to its centre
EDGE = 0.0075  # seconds: the boundary before token i lies at TOKEN i + EDGE
BOUNDARY_OFFSET = 120  # the boundary before token i lies at sample 320 i + 120, midway between its neighbours' centres
FLOOR = float(np.log(1.1920929e-07))  # log of the smallest power kept


def int16_of(samples: np.ndarray) -> np.ndarray:
    """Samples in [-1, 1] as a file of 16 bits keeps them: rounded and clipped, int16."""
    return np.clip(np.round(samples * 32768.0), -32768, 32767).astype(np.int16)


class AudioError(Exception):
    """A recording that cannot be used; the message says what was expected and what came."""


def read_audio(path: str | Path, min_seconds: float = 0.2) -> np.ndarray:
    """Reads any file that libsndfile knows as mono float32 (N,) at 16 kHz. Raises AudioError for unreadable, short or silent files."""
    try:
        x, rate = soundfile.read(str(path), dtype='float32', always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise AudioError(f'{path}: expected an audio file, cannot read it: {error}') from error
    x = x.mean(1)
    if rate != SAMPLE_RATE:
        x = soxr.resample(x, rate, SAMPLE_RATE)
    if len(x) < min_seconds * SAMPLE_RATE:
        raise AudioError(f'{path}: expected at least {min_seconds} s, got {len(x) / SAMPLE_RATE:.3f} s')
    if not np.isfinite(x).all():
        raise AudioError(f'{path}: expected finite samples')
    if np.abs(x).max() < 1e-4:
        raise AudioError(f'{path}: expected speech, got silence (largest sample {np.abs(x).max():.1e})')
    return x.astype(np.float32)


def log_mel(samples: np.ndarray | Tensor) -> Tensor:
    """(N,) in [-1, 1] at 16 kHz -> (T, 128) natural log mel power, T = 1 + (N - 400) // 160, before normalisation."""
    wave = torch.as_tensor(samples, dtype=torch.float32)[None]
    return kaldi.fbank(
        wave,
        sample_frequency=SAMPLE_RATE,
        frame_length=25.0,
        frame_shift=10.0,
        window_type='povey',
        preemphasis_coefficient=0.97,
        remove_dc_offset=True,
        dither=0.0,
        round_to_power_of_two=True,
        snip_edges=True,
        num_mel_bins=128,
        low_freq=20.0,
        high_freq=8000.0,
        use_energy=False,
        use_log_fbank=True,
        use_power=True,
    )


@cache
def front() -> tuple[Tensor, Tensor]:
    """Window (400,) and filter bank (257, 128) of `log_mel`."""
    ramp = torch.arange(FRAME_SAMPLES, dtype=torch.float64) * (2 * torch.pi / (FRAME_SAMPLES - 1))
    bank, _ = kaldi.get_mel_banks(128, 512, float(SAMPLE_RATE), 20.0, 8000.0, 100.0, -500.0, 1.0)
    return (0.5 - 0.5 * torch.cos(ramp)).pow(0.85).float(), torch.nn.functional.pad(bank, (0, 1)).T.contiguous()


def frames_at(samples: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """(N,) in [-1, 1] -> the log-mel frames (len(starts), 128) whose 400 samples begin at any `starts`: log_mel has 0, 160, 320, ..."""
    window, bank = front()
    x = torch.from_numpy(samples[starts[:, None] + np.arange(FRAME_SAMPLES)].astype(np.float32))
    x = x - x.mean(1, keepdim=True)
    x = (x - 0.97 * torch.cat([x[:, :1], x[:, :-1]], 1)) * window
    power = torch.fft.rfft(x, n=512).abs().square() @ bank
    return power.clamp(min=float(np.exp(FLOOR))).log().numpy()


def normalise(mel: Tensor, mean: float, std: float) -> Tensor:
    """0.5 (x - mean) / std, with the two constants of the bundle."""
    return 0.5 * (mel - mean) / std
