"""The codebook: k-means, prototypes, their merge, and the names that Python and the runtime's definition give."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import AgglomerativeClustering

from bundle.codebook import Spoken, clustered, taught_codebook
from model.prototypes import LEAST, classes, merge
from segment import segmenter
from segment.overlap import most_overlapped


def spoken_by_two(rng: np.random.Generator, syllables: int = 8, each: int = 400) -> Spoken:
    """Syllables that differ in four directions, said by two corpora that differ far more in all the others; standardised."""
    centres, voices = rng.normal(size=(syllables, 4)), rng.normal(size=(2, 28)) * 3
    of, who = np.repeat(np.arange(syllables), each), np.tile([0, 1], syllables * each // 2)
    x = np.concatenate([centres[of], voices[who]], 1) + 0.15 * rng.normal(size=(len(of), 32))
    x = (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)
    return Spoken(x.astype(np.float32), [f's{k}' for k in of], [f'c{k}' for k in who])


def test_k_means_keeps_to_its_sizes():
    vectors = np.random.default_rng(0).normal(size=(2000, 8)).astype(np.float32)
    book = clustered(vectors, 2048, 400)
    assert book['centroids'].shape == (25, 8) and set(book['units']) == {1, 2, 3, 4}


def test_prototypes_name_what_was_said_and_k_means_who_said_it():
    spoken = spoken_by_two(np.random.default_rng(0))
    said, who = (np.unique(names, return_inverse=True)[1] for names in (spoken.syllables, spoken.corpora))

    def purity(ids: np.ndarray, of: np.ndarray) -> float:
        table = np.zeros((ids.max() + 1, of.max() + 1))
        np.add.at(table, (ids, of), 1)
        return table.max(1).sum() / len(ids)

    by_syllable, by_sound = taught_codebook(spoken, 40, 6), clustered(spoken.vectors, 40, 6)
    named, heard = (segmenter.names(spoken.vectors, book) for book in (by_syllable, by_sound))
    assert set(named) == {1, 2, 3, 4, 5, 6} and len(by_syllable['centroids']) == 8
    assert purity(named, said) > 0.7 > purity(heard, said)
    assert purity(named, who) < 0.6 < purity(heard, who)


def test_same_seed_same_codebook():
    spoken = spoken_by_two(np.random.default_rng(1), each=100)
    first, again = taught_codebook(spoken, 10, 4), taught_codebook(spoken, 10, 4)
    assert first.keys() == again.keys() and all(np.array_equal(first[name], again[name]) for name in first)


def test_a_syllable_said_too_seldom_teaches_nothing():
    labels = ['a'] * LEAST + ['b'] * (LEAST - 1) + ['c'] * (LEAST + 5)
    assert classes(labels, 5).tolist() == [1] * LEAST + [-1] * (LEAST - 1) + [0] * (LEAST + 5)
    assert set(classes(labels, 1)) == {0, -1}


def test_merge_joins_rare_neighbours_first():
    points = np.array([[0.0], [1.0], [10.0], [11.0]])
    assert merge(points, np.array([1000, 1000, 1, 1000]), 3).tolist() == [0, 1, 2, 2]
    assert merge(points, np.array([1, 1, 1000, 1000]), 2).tolist() == [0, 0, 0, 1]  # 180 lost by that, 500 by the two that are frequent
    assert sorted(merge(points, np.ones(4), 4)) == [0, 1, 2, 3]


def test_merge_is_ward_s_for_points_alone():
    points = np.random.default_rng(0).normal(size=(60, 5))
    ours, theirs = merge(points, np.ones(60), 12), AgglomerativeClustering(12).fit_predict(points)
    assert len(set(zip(ours, theirs, strict=True))) == 12


def test_a_segment_s_syllable_is_the_one_it_overlaps_most():
    spans = np.array([[0.0, 0.2], [0.2, 0.5]])
    assert most_overlapped(np.array([0, 9, 14, 40, 50]), spans).tolist() == [0, 1, 1, -1]
    assert most_overlapped(np.array([0, 9, 14]), np.zeros((0, 2))).tolist() == [-1, -1]


def test_projection_is_linear_relu_linear():
    rng = np.random.default_rng(0)
    book = {'projection.0.weight': rng.normal(size=(5, 3)), 'projection.0.bias': rng.normal(size=5)}
    book |= {'projection.2.weight': rng.normal(size=(2, 5)), 'projection.2.bias': rng.normal(size=2)}
    x = rng.normal(size=(4, 3))
    wanted = np.maximum(0, x @ book['projection.0.weight'].T + book['projection.0.bias']) @ book['projection.2.weight'].T + book['projection.2.bias']
    assert segmenter.projected(x, book) == pytest.approx(wanted)
    assert segmenter.projected(x, {'centroids': x}) is x
