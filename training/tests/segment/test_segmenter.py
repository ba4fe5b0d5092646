"""The search against brute force, and online against offline."""

import numpy as np

from segment.segmenter import Rate, Rules, costs, live, search, segment_vectors, syllable_edges


def brute(cost: np.ndarray, g: np.ndarray, rate: Rate, shortest: int, longest: int) -> tuple[float, list[int]]:
    n = len(g)

    def rest(start: int) -> tuple[float, list[int]]:
        if start == n:
            return 0.0, [n]
        best = (np.inf, [])
        for end in range(start + shortest, min(n, start + longest) + 1):
            value, cuts = rest(end)
            value += rate.w * cost[end, end - start] + rate.even * (end - start) ** 2 + rate.lam - (g[end] if end < n else 0)
            if value < best[0]:
                best = (value, [start, *cuts])
        return best

    return rest(0)


def test_search_finds_the_least_cost():
    rng = np.random.default_rng(1)
    rules = Rules(max_tokens=8)
    for lam, even in ((-2.0, 0.0), (0.5, 0.0), (3.0, 0.1)):
        x, g = rng.normal(size=(17, 4)), rng.normal(0, 2, 17)
        rate, cost = Rate('', 0, 1.5, lam, even), costs(x, rules)
        assert search(cost, g, rate, rules).tolist() == brute(cost, g, rate, 3, 8)[1]


def test_cost_is_the_sum_of_squares_about_the_mean():
    x = np.random.default_rng(2).normal(size=(30, 5))
    cost = costs(x, Rules())
    part = x[7:19]
    np.testing.assert_allclose(cost[19, 12], ((part - part.mean(0)) ** 2).sum() / 5)


def test_live_equals_search_when_nothing_is_forced():
    rng = np.random.default_rng(3)
    rules = Rules()
    for n, even in ((3, 0.0), (8, 0.0), (57, 0.0), (400, 0.0), (400, 0.05)):
        x, g = rng.normal(size=(n, 6)), rng.normal(-1, 3, n)
        cost, rate = costs(x, rules), Rate('', 0, 0.7, 0.3, even)
        cuts, decided, forced = live(cost, g, rate, rules, chunk=8, delay=4, max_delay_ms=float('inf'))
        assert cuts.tolist() == search(cost, g, rate, rules).tolist()
        assert forced == 0 and (np.diff(decided) >= 0).all()


def test_no_decision_comes_later_than_allowed():
    rng = np.random.default_rng(4)
    rules = Rules()
    x, g = rng.normal(size=(600, 6)), rng.normal(-2, 1, 600)
    cuts, decided, forced = live(costs(x, rules), g, Rate('', 0, 0.02, 0.0), rules, chunk=8, delay=4, max_delay_ms=400)
    assert forced > 0
    assert (decided[1:-1] - (320 * cuts[1:-1] + 120)).max() <= 400 * 16


def test_vectors_are_standardised_means_of_inner_tokens():
    x = np.random.default_rng(5).normal(size=(9, 16))
    vectors = segment_vectors(x, np.array([0, 2, 9]), 1)
    np.testing.assert_allclose(vectors.mean(1), 0, atol=1e-12)
    want = x[3:8].mean(0)
    np.testing.assert_allclose(vectors[1], (want - want.mean()) / (want.std() + 1e-5))


def test_a_segment_that_trimming_would_empty_is_taken_whole():
    x = np.random.default_rng(6).normal(size=(12, 16))
    cuts = np.array([0, 3, 7, 12])
    vectors = segment_vectors(x, cuts, 2)
    for vector, tokens in zip(vectors, [x[0:3], x[3:7], x[9:10]], strict=True):
        want = tokens.mean(0)
        np.testing.assert_allclose(vector, (want - want.mean()) / (want.std() + 1e-5))


def test_edges_are_those_of_syllables_only():
    speech = np.concatenate([np.full(10, -1.0), np.full(10, -1.0), np.full(8, 2.0), np.full(6, 2.0), np.full(9, -1.0)])
    cuts = np.array([0, 10, 20, 28, 34, 43])
    np.testing.assert_allclose(syllable_edges(speech, cuts, Rules(shift_samples=40)), (320 * cuts[2:5] + 160) / 16_000)
