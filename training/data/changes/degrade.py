"""Speech as other channels, rooms and levels bring it, aligned to the sample with the clean one.

A `Change` is a kind and its settings, so a row of JSON says how to make the same again. Two families, which never meet:
*seen* kinds are drawn for training (`draw`), also what the tests ask of them; *held out* (HELD_OUT) are the tests' own: sox's room, Opus at
8 kbit/s, mp3 at 16 kbit/s, and the kinds GSM 06.10, clipping (an overdriven microphone) and babble, of which training draws nothing at all.
Samples are float (n,) at 16 kHz, as many come back, rounded to 16 bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from data.changes.coded import coded, sixteen_bits, telephone
from data.changes.effects import babble, band, clip, gain, hum, noise, room, sox_room, tone
from data.mel import SAMPLE_RATE


@dataclass(frozen=True)
class Change:
    """One step: a name of KINDS and its settings, all of them JSON."""

    kind: str
    settings: dict = field(default_factory=dict)

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        return sixteen_bits(KINDS[self.kind](samples, **self.settings))

    def json(self) -> list:
        return [self.kind, self.settings]


KINDS = {
    'gain': gain,
    'noise': noise,
    'hum': hum,
    'room': room,
    'band': band,
    'tone': tone,
    'telephone': telephone,
    'codec': lambda samples, name, kbit: coded(samples, name, int(1000 * kbit)),
    'sox_room': sox_room,
    'clip': clip,
    'babble': babble,
}
# What the tests ask; their pink noise begins at 0 Hz, as that of sox and FFmpeg. Training draws the kinds of SEEN with settings of its own,
# and nothing of HELD_OUT.
SEEN = {
    'telephone': Change('telephone', {'law': 'mu'}),
    'pink noise 20 dB': Change('noise', {'snr_db': 20, 'seed': 1, 'low': 0}),
    'pink noise 10 dB': Change('noise', {'snr_db': 10, 'seed': 1, 'low': 0}),
    'quiet 35 dB': Change('gain', {'db': -35}),
    'made-up room': Change('room', {'rt60': 0.5, 'direct_db': 3, 'seed': 1}),
    'AMR 6.7 kbit/s': Change('codec', {'name': 'amr', 'kbit': 6.7}),
    'mp3 32 kbit/s': Change('codec', {'name': 'mp3', 'kbit': 32}),
    'Opus 16 kbit/s': Change('codec', {'name': 'opus', 'kbit': 16}),
}
HELD_OUT = {
    'sox room': Change('sox_room', {'reverberance': 60, 'damping': 50, 'scale': 80}),
    'mp3 16 kbit/s': Change('codec', {'name': 'mp3', 'kbit': 16}),
    'Opus 8 kbit/s': Change('codec', {'name': 'opus', 'kbit': 8}),
    'GSM': Change('telephone', {'law': 'gsm'}),
    'clipped 12 dB': Change('clip', {'db': 12}),
    'babble 15 dB': Change('babble', {'snr_db': 15, 'seed': 1}),
}
DRAWN_CODECS = {
    'mp3': (8, 24, 32, 40, 48, 64),
    'opus': (6, 10, 12, 16, 20, 24, 32),
    'aac': (20, 24, 32),
    'g722': (64,),
    'amr': (4.75, 5.9, 6.7, 7.4, 7.95, 10.2, 12.2),
    'g723': (6.3,),
}


def drawn_channel(rng: np.random.Generator) -> Change:
    """A telephone, a codec, or a band."""
    what = rng.choice(['telephone', 'codec', 'codec', 'band'])
    if what == 'telephone':
        return Change('telephone', {'law': str(rng.choice(['mu', 'a']))})
    if what == 'band':
        return Change('band', {'low': round(float(np.exp(rng.uniform(*np.log((40, 350))))), 1), 'high': round(rng.uniform(2800, 7800), 1)})
    name = str(rng.choice(list(DRAWN_CODECS)))
    return Change('codec', {'name': name, 'kbit': float(rng.choice(DRAWN_CODECS[name]))})


def draw(rng: np.random.Generator) -> list[Change]:
    """One to five changes of the seen family in the order in which they happen: room, noise, microphone, level, channel."""
    while True:
        seed, out = int(rng.integers(2**31)), []
        if rng.random() < 0.35:
            out.append(Change('room', {'rt60': round(rng.uniform(0.12, 1.0), 3), 'direct_db': round(rng.uniform(-3, 15), 1), 'seed': seed}))
        if rng.random() < 0.45:
            colour, swell = round(rng.uniform(-0.3, 2.2), 2), round(rng.uniform(0, 12), 1)
            out.append(Change('noise', {'snr_db': round(rng.uniform(5, 40), 1), 'seed': seed, 'colour': colour, 'swell_db': swell}))
        if rng.random() < 0.06:
            out.append(Change('hum', {'snr_db': round(rng.uniform(5, 35), 1), 'seed': seed}))
        if rng.random() < 0.3:
            out.append(Change('tone', {'seed': seed, 'depth_db': round(rng.uniform(2, 10), 1)}))
        if rng.random() < 0.45:
            out.append(Change('gain', {'db': round(rng.uniform(-45, 6), 1)}))
        if rng.random() < 0.5:
            out.append(drawn_channel(rng))
        if out:
            return out


def degraded(samples: np.ndarray, changes: list[Change]) -> np.ndarray:
    """Samples after all changes, one after another."""
    for change in changes:
        samples = change(samples)
    return samples.astype(np.float32)


def cut(samples: np.ndarray, ms: float) -> np.ndarray:
    """Without its first `ms`: the one change here that moves time."""
    return samples[round(ms * SAMPLE_RATE / 1000) :]
