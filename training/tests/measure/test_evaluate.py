"""The baselines and the long stream on made-up speech."""

import numpy as np
import pytest
import torch

from measure.evaluate import one_stream
from measure.plots import Picture, plot
from segment.baselines import Recording, envelope_minima, findsylls_peaks, praat_nuclei, sounding, uniform


def bursts() -> torch.Tensor:
    """3 s of near silence with two stretches of sound, 0.5 to 1.5 s (two humps) and 2.0 to 2.5 s."""
    mel = torch.full((298, 128), -15.0)
    t = torch.arange(298) * 0.01 + 0.0125
    hump = 3 * torch.cos((t - 0.75) / 0.5 * 2 * torch.pi)
    mel[(t > 0.5) & (t < 1.5)] = hump[(t > 0.5) & (t < 1.5)][:, None].expand(-1, 128)
    mel[(t > 2.0) & (t < 2.5)] = 3.0
    return mel


def test_sounding_finds_the_stretches():
    stretches = sounding(bursts())
    np.testing.assert_allclose(stretches, [(0.5, 1.5), (2.0, 2.5)], atol=0.02)


def test_uniform_steps_fill_the_stretches():
    times = uniform(bursts(), hz=4)
    np.testing.assert_allclose(times, [0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.25, 2.5], atol=0.02)


def test_envelope_minima_lie_between_the_humps():
    times = envelope_minima(bursts())
    inside = times[(times > 0.6) & (times < 1.4)]
    np.testing.assert_allclose(inside, [1.0], atol=0.03)


def test_one_stream_moves_the_references_along():
    a, b = Recording(torch.zeros(100, 128), np.array([0.5])), Recording(torch.zeros(51, 128), np.array([0.2]))
    both = one_stream([a, b])
    assert len(both.mel) == 130 + 82 and both.edges.tolist() == [0.5, 1.5]


def hums() -> np.ndarray:
    """3 s at 16 kHz: a voice of 120 Hz that hums four times, 0.2 s each, from 0.5 s on every 0.4 s, in faint noise."""
    t = np.arange(48_000) / 16_000
    voice = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 20))
    loud = sum(np.exp(-(((t - 0.6 - 0.4 * k) / 0.07) ** 2)) for k in range(4))
    return (0.2 * voice * loud + np.random.default_rng(0).normal(0, 1e-4, len(t))).astype(np.float32)


@pytest.mark.parametrize('find', [praat_nuclei, findsylls_peaks])
def test_nuclei_are_cut_between_the_hums(find):
    times = find(hums())
    for valley in (0.8, 1.2, 1.6):
        assert np.abs(times - valley).min() < 0.08


def test_a_picture_is_written(tmp_path):
    item = Recording(bursts(), np.array([0.5, 1.0, 1.5]), 'anna', 'a.wav')
    plot(tmp_path / 'new' / 'a.png', 'a', item, Picture(np.zeros(149), np.array([0.52, 1.5]), [(0.52, 1.5, '7')]))
    assert (tmp_path / 'new/a.png').read_bytes()[:4] == b'\x89PNG'
