"""The unit figures on labels whose information is known."""

import numpy as np
import pytest

from data.batches import Utterance
from measure.same_word import SpokenWord, average_precision, edit_distance
from measure.unit_figures import SYSTEMS, Piece, entropy, figures, information, purities, shuffled_within, spoken_words


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


def test_weights_count_as_repeats():
    rng = np.random.default_rng(3)
    a, b, w = rng.integers(0, 5, 300), rng.integers(0, 7, 300), rng.integers(0, 3, 300)
    assert information(a, b, w.astype(float)) == pytest.approx(information(np.repeat(a, w), np.repeat(b, w)))


def test_edit_distance_counts_the_fewest_changes():
    for a, b, d in (([1, 2, 3], [1, 3], 1), ([], [4, 5], 2), ([1, 2, 3, 4], [2, 1, 3, 4], 2), ([7], [7], 0)):
        assert edit_distance(np.array(a, np.int64), np.array(b, np.int64)) == d


def test_average_precision_ranks_pairs_of_different_speakers():
    def word(name: str, speaker: str, right: list[int], wrong: list[int]) -> SpokenWord:
        return SpokenWord(name, speaker, {'right': right, 'wrong': wrong})

    tokens = [word('hello', s, [1, 2], [k]) for k, s in enumerate('abcd')] + [word('there', s, [3, 4, 5], [k]) for k, s in enumerate('abcd')]
    right, draws, chance = average_precision(tokens, 'right', 50)
    assert right == 1 and (draws == 1).all() and chance == pytest.approx(12 / 24)
    wrong, _, _ = average_precision(tokens, 'wrong', 0)  # all pairs across speakers are equally far: the share of same-word pairs
    assert wrong == pytest.approx(12 / 24)


def test_segments_go_to_the_word_they_overlap_most():
    pieces = [Piece(0, 20, {s: 1 for s in SYSTEMS}), Piece(20, 50, {s: 2 for s in SYSTEMS}), Piece(50, 80, {s: 3 for s in SYSTEMS})]
    u = Utterance(*[np.zeros((0, 2))] * 9, ['x'], '', [(0.0, 0.55, 'first'), (0.55, 1.6, 'second'), (1.6, 1.9, 'the')])
    u.speaker = 'anna'
    first, second = spoken_words(u, pieces)
    assert first.units['small'] == [1] and second.units['small'] == [2, 3] and second.speaker == 'anna'
