"""Confidences as probabilities: the share that a unit has, and what makes it say how often it is right."""

import numpy as np
import pytest

from measure.agreement import calibration
from measure.confidence import REACH, fitted, odds, probability, shares


def test_a_share_is_what_the_units_centroids_weigh():
    book = {'centroids': np.array([[0, 0], [1, 0], [0, 2], [9, 9]], np.float32), 'units': np.array([1, 2, 1, 2])}
    units, share = shares(np.array([[0.2, 0.1], [9.0, 8.5]]), book)
    assert units.tolist() == [1, 2]
    d = np.array([0.05, 0.65, 3.65])  # squared; the fourth lies beyond what is counted
    w = np.exp(0.05 - d)
    assert share[0] == pytest.approx((w[0] + w[2]) / w.sum(), rel=1e-6)
    assert share[1] == 1.0 and ((9 - 0) ** 2 + 6.5**2) > REACH


def test_what_is_fitted_is_true_on_other_units():
    rng = np.random.default_rng(0)
    share = 1 / (1 + np.exp(-rng.normal(0.5, 2, 12_000)))
    right = rng.random(12_000) < 1 / (1 + np.exp(-(0.6 * odds(share) - 0.7)))
    fit = fitted(share[::2], right[::2])
    assert fit['slope'] == pytest.approx(0.6, abs=0.04) and fit['intercept'] == pytest.approx(-0.7, abs=0.06)
    before, after = (calibration(p[1::2], right[1::2]) for p in (share, probability(share, fit)))
    assert after['error'] < 0.03 < before['error']
    assert after['roc'] == before['roc']


def test_what_cannot_be_fitted_is_said():
    share = np.linspace(0.1, 0.9, 100)
    with pytest.raises(SystemExit, match='got 100 right of 100'):
        fitted(share, np.ones(100, bool))
    with pytest.raises(SystemExit, match='got a slope of -'):
        fitted(share, share < 0.5)
