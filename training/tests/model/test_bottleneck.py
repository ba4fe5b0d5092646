"""Merging by the information bottleneck, against mutual information worked out whole."""

from itertools import combinations

import numpy as np

from model.bottleneck import merge_alike


def information(joint: np.ndarray, units: np.ndarray) -> float:
    """Mutual information of units and outcomes, nats."""
    table = np.zeros((units.max() + 1, joint.shape[1]))
    np.add.at(table, units, joint / joint.sum())
    out = table.sum(1, keepdims=True) * table.sum(0, keepdims=True)
    at = table > 0
    return float((table[at] * np.log(table[at] / out[at])).sum())


def test_names_that_become_each_other_are_one():
    joint = np.eye(6) * 90 + 10
    joint[1, 4] = joint[4, 1] = joint[1, 1] = joint[4, 4] = 50
    units = merge_alike(joint, 5)
    assert units[1] == units[4] and len(set(units)) == 5


def test_every_merge_loses_the_least():
    rng = np.random.default_rng(0)
    joint = rng.dirichlet(np.full(7, 0.4), 7) * rng.uniform(1, 50, (7, 1))
    units = np.arange(7)
    for count in range(6, 1, -1):
        tried = []
        for a, b in combinations(range(units.max() + 1), 2):
            merged = np.where(units == b, a, units)
            tried.append(np.unique(merged, return_inverse=True)[1])
        units = max(tried, key=lambda u: information(joint, u))
        got = merge_alike(joint, count)
        assert {tuple(np.flatnonzero(got == u)) for u in set(got)} == {tuple(np.flatnonzero(units == u)) for u in set(units)}


def test_a_name_that_never_came_up_costs_nothing():
    joint = np.eye(5) * 40 + 1
    joint[3] = 0
    units = merge_alike(joint, 4)
    assert len(set(units[[0, 1, 2, 4]])) == 4
