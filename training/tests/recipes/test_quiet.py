"""The speech head that learns silence: no silence above the limit, speech told as before."""

import numpy as np
import torch

from recipes.paired.quiet import LIMIT, SECONDS, quieter, silences


def test_silence_ends_below_the_limit_and_speech_is_told_as_before():
    torch.manual_seed(0)
    speech, weight = torch.randn(4000, 24) @ torch.randn(24, 24), torch.randn(24)
    far = 6 * torch.randn(2, 24)
    far *= torch.sign(far @ weight)[:, None]  # taken for speech
    silent = far[torch.randint(2, (50,))] + 0.1 * torch.randn(50, 24)
    new = quieter(weight, 0.5, speech, silent)
    assert ((silent @ weight + 0.5) > LIMIT).any() and ((silent @ new + 0.5) <= LIMIT).all()
    told = [speech @ w + 0.5 > 0 for w in (weight, new)]
    assert (told[0] == told[1]).float().mean() > 0.9
    assert torch.equal(quieter(new, 0.5, speech, silent), new)  # nothing is left to do


def test_silences_are_those_of_sixteen_bits():
    speech = np.full(160, 0.25, np.float32)
    made = silences(speech)
    assert not made[0].any()  # 120 dB down nothing is left of noise
    for alone, after in zip(made[::2], made[1::2], strict=True):
        assert len(alone) == SECONDS * 16_000 and np.array_equal(after[160:], alone) and np.array_equal(after[:160], speech)
        assert np.array_equal(alone * 32768, np.round(alone * 32768)) and np.abs(alone).max() < 2e-3
