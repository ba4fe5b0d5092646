"""Kneser-Ney: equal to the formulas written down plainly, normalised, and better than what it is made of."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from recipes.lm.ngram import KneserNey, pack, perplexity, tune

U, END = 9, 8


def streams(seed: int, count: int) -> list[np.ndarray]:
    """A made-up language: each unit is likely to be followed by the next one, or by what came two before."""
    rng, out = np.random.default_rng(seed), []
    for _ in range(count):
        s = [END]
        while len(s) < rng.integers(4, 30):
            s.append(int((s[-1] + 1) % END if rng.random() < 0.6 else s[-2] % END if rng.random() < 0.5 and len(s) > 2 else rng.integers(0, END)))
        out.append(np.array([*s, END]))
    return out


class Plain:
    """Modified Kneser-Ney from its definition (Chen & Goodman 1999, section 4.1.6), with dictionaries and recursion."""

    def __init__(self, data: list[np.ndarray], order: int):
        self.order = order
        raw = [Counter(tuple(int(v) for v in s[i : i + n]) for s in data for i in range(len(s) - n + 1)) for n in range(1, order + 1)]
        self.c: list[Counter] = []
        for n in range(1, order + 1):
            if n == order:
                self.c.append(raw[n - 1] - Counter({(END,): len(data)}) if n == 1 else raw[n - 1])
                continue
            left = defaultdict(set)
            for gram in raw[n]:
                left[gram[1:]].add(gram[0])
            begins = {g: k for g, k in raw[n - 1].items() if g[0] == END} if n > 1 else {}
            self.c.append(Counter({g: len(before) for g, before in left.items() if n == 1 or g[0] != END} | begins))
        self.d = []
        for c in self.c:
            n1, n2, n3, n4 = (max(1, sum(v == k for v in c.values())) for k in (1, 2, 3, 4))  # so few units may lack one
            y = n1 / (n1 + 2 * n2)
            values = (1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3)
            self.d.append([min(max(v, 0.01), most) for v, most in zip(values, (0.99, 1.99, 2.99), strict=True)])

    def p(self, unit: int, history: tuple[int, ...]) -> float:
        history = history[-(self.order - 1) :] if self.order > 1 else ()
        return self._p(unit, history)

    def _p(self, unit: int, history: tuple[int, ...]) -> float:
        c, d = self.c[len(history)], self.d[len(history)]
        after = [v for g, v in c.items() if g[:-1] == history]
        shorter = self._p(unit, history[1:]) if history else 1 / U
        if not after:
            return shorter
        count = c.get((*history, unit), 0)
        share = max(count - (d[min(count, 3) - 1] if count else 0), 0) / sum(after)
        return share + sum(d[min(v, 3) - 1] for v in after) / sum(after) * shorter


@pytest.fixture(scope='module')
def data() -> list[np.ndarray]:
    return streams(0, 400)


@pytest.mark.parametrize('order', [1, 2, 3, 4])
def test_it_equals_the_plain_definition(data, order):
    model, plain = KneserNey([(data, 1)], order, U), Plain(data, order)
    for s in streams(1, 12):
        want = [plain.p(int(s[i]), tuple(int(v) for v in s[:i])) for i in range(1, len(s))]
        np.testing.assert_allclose(model.probabilities(s), want, rtol=1e-9)


@pytest.mark.parametrize('history', [[END], [END, 0], [3, 4, 5], [0, 0, 0, 0], [5, 1, 5, 1, 2]])
@pytest.mark.parametrize('factor', [0.6, 1.0, 1.3])
def test_it_sums_to_one_after_any_history(data, history, factor):
    model = KneserNey([(data, 1)], 4, U, factor)
    total = sum(model.probabilities(np.array([*history, unit]))[-1] for unit in range(U))
    assert total == pytest.approx(1, abs=1e-9)


def test_what_counts_twice_is_what_is_there_twice(data):
    a, b = KneserNey([(data[:200], 2), (data[200:], 1)], 3, U), KneserNey([(data[:200] + data, 1)], 3, U)
    for s in streams(2, 5):
        np.testing.assert_allclose(a.probabilities(s), b.probabilities(s))


def test_longer_histories_help_and_tuning_does_no_harm(data):
    dev = streams(3, 100)
    values = [perplexity(KneserNey([(data, 1)], n, U).log_probabilities(dev)) for n in (1, 2, 3)]
    assert values[0] > values[1] > values[2]
    _, how = tune([data], dev, 3, U)
    assert how['dev'] <= values[2]
    odd = [np.array([END, *np.random.default_rng(n).integers(0, END, 9), END]) for n in range(200)]
    mixture, mixed = tune([odd, data], dev, 3, U)
    assert mixed['weights'][0] < 0.2 and sum(mixed['weights']) == pytest.approx(1, abs=0.01)
    assert mixed['dev'] <= how['dev'] * 1.02 and np.exp(mixture.log_probabilities(dev[:1])[0]).max() < 1


def test_too_long_ngrams_are_refused():
    with pytest.raises(ValueError, match='below 2\\^63'):
        pack([np.array([1, 2])], 8, 319)
