"""The linear probe: it finds what is there, and only that; patches keep their eight places."""

import numpy as np
import torch

from config import load_config
from data.batches import Utterance
from experiments.probe import logistic, network_features, phone_labels, probe_phones, probe_speakers
from model.mae import MaeConfig, MaskedAutoencoder


def speech(seed: int, speaker: int) -> Utterance:
    """Three 'phones' of 100 ms in random order, each a band; the speaker is another band."""
    rng = np.random.default_rng(seed)
    phones = rng.integers(0, 3, 12)
    mel = rng.normal(-8, 1, (120, 128)).astype(np.float16)
    for k, p in enumerate(phones):
        mel[10 * k : 10 * k + 10, 20 * p : 20 * p + 20] += 4
    mel[:, 100 + 5 * speaker : 105 + 5 * speaker] += 4
    ends = 0.1 * (1 + np.arange(12)) + 0.0075
    return Utterance(mel, 'c', f's{speaker}', f'u{seed}', np.zeros(0), np.zeros(0), np.zeros((0, 2)), ends, phones, [])


def test_phones_and_speakers_are_read_off_the_mel():
    us = [speech(seed, seed % 4) for seed in range(64)]

    def both(x: torch.Tensor) -> list[torch.Tensor]:
        return [x.reshape(-1, 256), torch.randn(len(x) // 2, 8)]

    torch.manual_seed(0)
    told, noise = probe_phones(both, us[:40], us[40:], 1, 3)
    assert told > 0.95 and noise < 0.45
    told, noise = probe_speakers(both, sorted(us, key=lambda u: u.speaker))
    assert told == 1.0 and noise < 0.7


def test_labels_are_those_at_the_centre():
    u = speech(0, 0)
    assert phone_labels(u, 60)[:10].tolist() == [u.phone_class[0]] * 5 + [u.phone_class[1]] * 5


def test_patches_stand_for_their_eight_tokens():
    model = MaskedAutoencoder(load_config('tiny').encoder, MaeConfig('patch', 'chunked')).eval()
    (h,) = network_features(model, (-8.0, 4.0), [2], False)(torch.randn(70, 128))
    assert h.shape == (32, 8 * 32) and torch.equal(h[0], h[7]) and not torch.equal(h[7], h[8])


def test_logistic_regression_separates_what_a_line_separates():
    x = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))
    y = (x @ torch.tensor([1.0, -2.0, 0.5]) > 0).long()
    assert (logistic(x[:300], y[:300], x[300:], 2) == y[300:]).float().mean() > 0.95
