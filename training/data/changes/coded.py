"""Speech through a codec and back, aligned to the sample with what went in.

A codec's delay is measured once a setting, with a burst of noise, and taken out. Samples are float (n,) at 16 kHz, as many come back.
Encoders and decoders are FFmpeg's (PyAV), those of G.711 and GSM libsndfile's.
"""

from __future__ import annotations

import io
from fractions import Fraction
from functools import cache

import av
import numpy as np
import soundfile
import soxr

from data.mel import SAMPLE_RATE, int16_of

NARROW = 8_000  # Hz, of telephones
LONGEST_DELAY = 4_000  # samples of 16 kHz
LAWS = {'mu': 'ULAW', 'a': 'ALAW', 'gsm': 'GSM610'}  # by libsndfile's names
# name -> (encoder, decoder, Hz that go in)
CODECS = {
    'mp3': ('libmp3lame', 'mp3float', SAMPLE_RATE),
    'opus': ('libopus', 'libopus', SAMPLE_RATE),
    'aac': ('aac', 'aac', SAMPLE_RATE),
    'g722': ('g722', 'g722', SAMPLE_RATE),
    'amr': ('libopencore_amrnb', 'libopencore_amrnb', NARROW),
    'g723': ('g723_1', 'g723_1', NARROW),
}


def sixteen_bits(samples: np.ndarray) -> np.ndarray:
    """What a file of 16 bits keeps: rounded and clipped."""
    return (int16_of(samples) / 32768.0).astype(np.float32)


def fitted(samples: np.ndarray, size: int) -> np.ndarray:
    """As many samples as asked, silence at the end if there are fewer."""
    return np.pad(samples[:size], (0, max(0, size - len(samples)))).astype(np.float32)


def telephone(samples: np.ndarray, law: str) -> np.ndarray:
    """A telephone line of 8 kHz: 'mu' or 'a', G.711's two laws of 8 bits; 'gsm', GSM 06.10 at full rate."""
    if law not in LAWS:
        raise ValueError(f'law: expected one of {", ".join(LAWS)}, got {law}')
    buffer = io.BytesIO()
    soundfile.write(buffer, sixteen_bits(soxr.resample(samples, SAMPLE_RATE, NARROW)), NARROW, format='WAV', subtype=LAWS[law])
    buffer.seek(0)
    line = soundfile.read(buffer, dtype='float32')[0]
    return fitted(soxr.resample(line, NARROW, SAMPLE_RATE), len(samples))


def encoded(samples: np.ndarray, name: str, bit_rate: int) -> tuple[list, av.CodecContext]:
    """The encoder's packets, and the encoder, which knows the headers."""
    encoder, _, rate = CODECS[name]
    context = av.CodecContext.create(encoder, 'w')
    context.sample_rate, context.layout, context.time_base = rate, 'mono', Fraction(1, rate)
    context.format = context.codec.audio_formats[0]
    context.bit_rate = bit_rate
    context.open()
    whole = int16_of(soxr.resample(samples, SAMPLE_RATE, rate))
    frame = av.AudioFrame.from_ndarray(whole[None], format='s16', layout='mono')
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    return [*context.encode(frame), *context.encode(None)], context


def heard(samples: np.ndarray, name: str, bit_rate: int) -> np.ndarray:
    """What comes out of the codec, its delay still in it."""
    packets, encoder = encoded(samples, name, bit_rate)
    context = av.CodecContext.create(CODECS[name][1], 'r')
    context.sample_rate, context.layout = encoder.sample_rate, 'mono'
    if encoder.extradata:
        context.extradata = encoder.extradata
    frames = [frame for packet in [*packets, None] for frame in context.decode(packet)]
    parts = [frame.to_ndarray().reshape(-1) for frame in frames]
    out = np.concatenate([p / 32768.0 if p.dtype == np.int16 else p for p in parts]).astype(np.float32)
    return out if frames[0].sample_rate == SAMPLE_RATE else soxr.resample(out, frames[0].sample_rate, SAMPLE_RATE)


def lag_of(later: np.ndarray, samples: np.ndarray, longest: int = LONGEST_DELAY) -> int:
    """By how many samples `later` comes after `samples`: the highest cross-correlation within `longest` either way.

    Of the phases of 500 to 3,400 Hz alone: a codec's high-pass turns the loud low frequencies forward, by up to 4 samples of AMR's.
    """
    size = 1 << int(len(later) + len(samples)).bit_length()
    f = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    both = np.fft.rfft(later, size) * np.conj(np.fft.rfft(samples, size)) * ((f > 500) & (f < 3400))
    both = np.fft.irfft(both / np.maximum(np.abs(both), 1e-12), size)
    near = np.concatenate([both[-longest:], both[: longest + 1]])
    return int(near.argmax()) - longest


@cache
def delay_of(name: str, bit_rate: int) -> int:
    """The delay of a codec at a bit rate, samples: measured with bursts of low noise, which vocoders can follow."""
    rng, size = np.random.default_rng(0), 3 * SAMPLE_RATE
    spectrum = np.fft.rfft(rng.normal(size=size)) * np.exp(-((np.fft.rfftfreq(size, 1 / SAMPLE_RATE) / 1500) ** 2))
    noise = np.fft.irfft(spectrum) * np.repeat(rng.random(60), size // 60)
    probe = (0.3 * noise / np.abs(noise).max()).astype(np.float32)
    return lag_of(heard(probe, name, bit_rate), probe)


def coded(samples: np.ndarray, name: str, bit_rate: int) -> np.ndarray:
    """Samples through a codec of CODECS at a bit rate (bits a second), its delay taken out."""
    if name not in CODECS:
        raise ValueError(f'codec: expected one of {", ".join(CODECS)}, got {name}')
    delay = delay_of(name, bit_rate)
    out = heard(np.pad(samples, (0, max(0, delay))), name, bit_rate)
    return fitted(out[delay:] if delay >= 0 else np.pad(out, (-delay, 0)), len(samples))
