"""`ngram`: interpolated modified Kneser-Ney over units (Chen & Goodman 1999), the baseline of the language model.

    python -m recipes.lm.ngram --train runs/lm/speech/train/units.jsonl --dev DEV.jsonl --test TEST.jsonl --orders 3 5

Streams begin and end with the boundary id; histories never reach past a stream's beginning, and n-grams that begin with it keep their
raw counts. `tune` picks, on a development set, the factor of all discounts and how much each training file's model has to say.
Arrays instead of dictionaries: an n-gram is one integer, its ids in base U (the vocabulary), looked up by binary search.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recipes.lm.sequences import read_streams

Streams = Sequence[np.ndarray]


@dataclass
class Order:
    """Counts of one order: sorted n-grams with counts; sorted contexts with totals and the share left to the shorter history."""

    grams: np.ndarray
    counts: np.ndarray
    contexts: np.ndarray
    totals: np.ndarray
    left: np.ndarray
    discounts: np.ndarray  # (4,): of counts 0, 1, 2, 3 and more


def pack(streams: Streams, order: int, vocabulary: int) -> np.ndarray:
    """Every n-gram of every stream as an integer."""
    if vocabulary**order >= 2**63:
        raise ValueError(f'order {order}: expected vocabulary^order below 2^63, got {vocabulary}^{order}')
    out = []
    for s in streams:
        if len(s) >= order:
            x = s.astype(np.int64)
            gram = x[: len(x) - order + 1].copy()
            for k in range(1, order):
                gram = gram * vocabulary + x[k : len(x) - order + 1 + k]
            out.append(gram)
    return np.concatenate(out) if out else np.zeros(0, np.int64)


def counted(parts: Sequence[tuple[Streams, int]], order: int, vocabulary: int) -> tuple[np.ndarray, np.ndarray]:
    """Distinct n-grams and their counts; every part's count by its factor."""
    grams = [np.unique(pack(streams, order, vocabulary), return_counts=True) for streams, _ in parts]
    keys, where = np.unique(np.concatenate([g for g, _ in grams]), return_inverse=True)
    weights = np.concatenate([c * factor for (_, c), (_, factor) in zip(grams, parts, strict=True)])
    return keys, np.bincount(where, weights, len(keys)).astype(np.int64)


class KneserNey:
    """The model. vocabulary U: ids 0 to U − 1, the last one the boundary. factor: of all discounts, capped below 1, 2 and 3."""

    def __init__(self, parts: Sequence[tuple[Streams, int]], order: int, vocabulary: int, factor: float = 1.0):
        self.order, self.vocabulary = order, vocabulary
        self.raw = [counted(parts, n, vocabulary) for n in range(1, order + 1)]
        self.set_factor(factor)

    def set_factor(self, factor: float) -> None:
        """Smooths the counts anew."""
        self.orders = [self._smooth(n, factor) for n in range(1, self.order + 1)]

    def _smooth(self, n: int, factor: float) -> Order:
        U = self.vocabulary
        grams, counts = self.raw[n - 1]
        if n < self.order:  # the number of different units before it, where any can come before
            after = self.raw[n][0] % U**n
            keys, before = np.unique(after, return_counts=True)
            first = grams // U ** (n - 1) == U - 1
            counts = np.where(first, counts, 0)
            at = np.searchsorted(grams, keys)
            counts[at] = np.where(first[at], counts[at], before)
            if n == 1:
                counts[grams == U - 1] = before[keys == U - 1].sum()  # a stream's end; its beginning is never predicted
        elif n == 1:
            counts = np.where(grams == U - 1, counts // 2, counts)  # every stream begins and ends with it
        n1, n2, n3, n4 = (max(1, int((counts == k).sum())) for k in (1, 2, 3, 4))
        y = n1 / (n1 + 2 * n2)
        discounts = np.array([0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
        discounts = np.clip(discounts * factor, [0, 0.01, 0.01, 0.01], [0, 0.99, 1.99, 2.99])
        contexts, where = np.unique(grams // U, return_inverse=True)
        totals = np.bincount(where, counts)
        left = np.bincount(where, discounts[np.minimum(counts, 3)])
        return Order(grams, counts, contexts, totals, left / np.maximum(totals, 1), discounts)

    def probabilities(self, stream: np.ndarray) -> np.ndarray:
        """p of every unit of a stream but its first, given all before it (at most order − 1)."""
        x, U = stream.astype(np.int64), self.vocabulary
        p = np.full(len(x) - 1, 1 / U)
        for n, o in enumerate(self.orders, 1):
            at = np.arange(max(1, n - 1), len(x))  # units that have n - 1 units before them
            gram = np.zeros(len(at), np.int64)
            for k in range(n):
                gram = gram * U + x[at - (n - 1 - k)]
            context = gram // U
            c = np.searchsorted(o.contexts, context).clip(max=len(o.contexts) - 1)
            known = (o.contexts[c] == context) & (o.totals[c] > 0)
            g = np.searchsorted(o.grams, gram).clip(max=len(o.grams) - 1)
            count = np.where(o.grams[g] == gram, o.counts[g], 0)
            share = np.maximum(count - o.discounts[np.minimum(count, 3)], 0) / np.maximum(o.totals[c], 1)
            p[at - 1] = np.where(known, share + o.left[c] * p[at - 1], p[at - 1])
        return p

    def log_probabilities(self, streams: Streams) -> list[np.ndarray]:
        """ln p of every unit but the first of each stream."""
        return [np.log(self.probabilities(s)) for s in streams]


def perplexity(logs: Sequence[np.ndarray]) -> float:
    """exp of the mean negative log-probability of all predicted ids, pauses and ends among them."""
    return float(np.exp(-np.concatenate(logs).mean()))


class Mixture:
    """Kneser-Ney models of one order, each of its own text, mixed unit by unit with fixed weights."""

    def __init__(self, models: Sequence[KneserNey], weights: Sequence[float]):
        self.models, self.weights = models, np.array(weights)

    def log_probabilities(self, streams: Streams) -> list[np.ndarray]:
        """ln p of every unit but the first of each stream."""
        return [np.log(sum(w * m.probabilities(s) for w, m in zip(self.weights, self.models, strict=True))) for s in streams]


def tune(
    files: Sequence[Streams], dev: Streams, order: int, vocabulary: int, factors: Sequence[float] = (0.8, 1.0, 1.3, 1.7, 2.2)
) -> tuple[Mixture, dict]:
    """The best mixture of an order on a development set: a model of each file and one of all together, each with the factor of its
    discounts that does best alone, then the weights by expectation maximisation."""
    models, chosen, columns = [], [], []
    for parts in [[(f, 1)] for f in files] + ([[(f, 1) for f in files]] if len(files) > 1 else []):
        model, best = KneserNey(parts, order, vocabulary), (np.inf, 1.0)
        for factor in factors:
            model.set_factor(factor)
            best = min(best, (perplexity(model.log_probabilities(dev)), factor))
        model.set_factor(best[1])
        models.append(model)
        chosen.append(best[1])
        columns.append(np.concatenate([model.probabilities(s) for s in dev]))
    p, weights = np.stack(columns, 1), np.full(len(models), 1 / len(models))
    for _ in range(100):
        weights = (p * weights / (p @ weights)[:, None]).mean(0)
    mixture = Mixture(models, weights)
    how = {'factors': chosen, 'weights': weights.round(3).tolist(), 'dev': perplexity(mixture.log_probabilities(dev))}
    return mixture, how


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--train', type=Path, nargs='+', required=True, help='units.jsonl of real speech, then of simulated')
    parser.add_argument('--dev', type=Path, nargs='+', required=True)
    parser.add_argument('--test', type=Path, nargs='*', default=[])
    parser.add_argument('--orders', type=int, nargs='+', default=[3, 5])
    args = parser.parse_args()
    files, vocabulary = [], 0
    for path in args.train:
        vocabulary, streams = read_streams([path])
        files.append(streams)
    dev = list(itertools.chain.from_iterable(read_streams([path])[1] for path in args.dev))
    for order in args.orders:
        model, how = tune(files, dev, order, vocabulary)
        print(f'order {order}: {how}')
        for path in args.test:
            print(f'  {path}: perplexity {perplexity(model.log_probabilities(read_streams([path])[1])):.2f}')


if __name__ == '__main__':
    main()
