"""The unit figures on labels whose information is known."""

import numpy as np
import pytest

from unit_figures import entropy, figures, information, purities, shuffled_within


def test_information_of_known_labels():
    a = np.repeat(np.arange(4), 100)
    assert entropy(a) == pytest.approx(2)
    assert information(a, a) == pytest.approx(2)
    assert information(a, np.tile(np.arange(4), 100)) == pytest.approx(0, abs=1e-9)


def test_figures_tell_syllable_from_speaker():
    rng = np.random.default_rng(0)
    syllable, speaker = rng.integers(0, 8, 4000), rng.integers(0, 5, 4000)
    about, who = figures(syllable, syllable, speaker, rng)
    assert about == pytest.approx(1, abs=0.02) and who == pytest.approx(0, abs=0.02)
    about, who = figures(speaker, syllable, speaker, rng)
    assert about == pytest.approx(0, abs=0.02) and who == pytest.approx(np.log2(5), abs=0.1)


def test_shuffling_keeps_the_groups():
    groups, values = np.array([1, 0, 1, 0, 2]), np.array([10, 20, 11, 21, 30])
    out = shuffled_within(values, groups, np.random.default_rng(1))
    assert sorted(out[groups == 1]) == [10, 11] and sorted(out[groups == 0]) == [20, 21] and out[4] == 30


def test_purities():
    assert purities(np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1])) == (0.75, 0.75)
