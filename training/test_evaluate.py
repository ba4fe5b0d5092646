"""The baselines and the long stream on made-up speech."""

import numpy as np
import torch

from evaluate import envelope_baseline, one_stream, sounding, uniform_baseline


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
    times = uniform_baseline(bursts(), hz=4)
    np.testing.assert_allclose(times, [0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.25, 2.5], atol=0.02)


def test_envelope_minima_lie_between_the_humps():
    times = envelope_baseline(bursts())
    inside = times[(times > 0.6) & (times < 1.4)]
    np.testing.assert_allclose(inside, [1.0], atol=0.03)


def test_one_stream_moves_the_references_along():
    a, b = (torch.zeros(100, 128), np.array([0.5])), (torch.zeros(51, 128), np.array([0.2]))
    mel, refs = one_stream([a, b])
    assert len(mel) == 130 + 82 and refs.tolist() == [0.5, 1.5]
