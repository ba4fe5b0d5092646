"""What a training watches: boundaries of the development split, cut by the logits alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data.batches import Utterance, load_shards, thinned
from data.mel import EDGE, TOKEN
from model.encoder import Encoder
from segment import segmenter
from segment.matching import boundary_scores
from stage.encode import encode_many


def seconds_of(cuts: np.ndarray) -> np.ndarray:
    return cuts[1:-1] * TOKEN + EDGE


Scores = dict[str, tuple[float, float]]  # set -> F1 at 50 and at 20 ms


def logit_scores(logits: dict[str, list[np.ndarray]], dev: dict[str, list[Utterance]]) -> tuple[float, Scores]:
    """The λ, one for all sets, that cuts best by boundary logits alone, and the scores with it."""
    rules, best = segmenter.Rules(), (0.0, dict.fromkeys(dev, (-1.0, -1.0)))
    for lam in (-2.5, -2.0, -1.5, -1.0, -0.5, 0.0):
        rate, scores = segmenter.Rate('', 0, 0.0, lam), {}
        for s, us in dev.items():
            found = [seconds_of(segmenter.search(np.zeros((len(g) + 1, rules.max_tokens + 1)), g, rate, rules)) for g in logits[s]]
            f50, f20 = (boundary_scores([u.edges for u in us], found, tol)['f1'] for tol in (0.05, 0.02))
            scores[s] = (f50, f20)
        if np.mean(list(scores.values())) > np.mean(list(best[1].values())):
            best = (lam, scores)
    return best


def dev_scores(model: Encoder, dev: dict[str, list[Utterance]], mel: tuple[float, float], amp: bool, live_only: bool = False) -> str:
    """F1 at 50 and 20 ms of each development set, live (the runtime's chunk) and whole, cut by the boundary logits alone with one λ for all."""
    parts = []
    for name, chunk in (('live', model.cfg.chunk_tokens), ('whole', None))[: 1 if live_only else 2]:
        logits = {s: [o['boundary'] for o in encode_many(model, us, mel, chunk, amp)] for s, us in dev.items()}
        lam, scores = logit_scores(logits, dev)
        parts.append(f'{name} λ {lam}: ' + ', '.join(f'{s} {f50:.3f} ({f20:.3f})' for s, (f50, f20) in scores.items()))
    return ' | '.join(parts)


def dev_sets(data: Path, each: int, names: list[str] | None = None) -> dict[str, list[Utterance]]:
    """A spread of at most `each` development utterances of every corpus that has some."""
    sets: dict[str, list[Utterance]] = {}
    for u in load_shards(data, names, 'dev'):
        sets.setdefault(u.corpus, []).append(u)
    return {name: thinned(us, each) for name, us in sets.items()}
