"""`score`: perplexity on unseen texts and voices, and the zero-shot tests, of a language model and its baselines on the same items.

    python -m recipes.lm.score --lm runs/lm/small --real A.jsonl B.jsonl --simulated S.jsonl --dev DEV.jsonl --items runs/lm/zeroshot/test

--lm: a run of recipes/lm/train.py, or a bundle. Baselines: modified Kneser-Ney of orders 3 and 5 over the same units, tuned on --dev; with --phones
one over the true phones of the same texts. An item's score is the mean log-probability of its units, pauses left out. Two rules
without a model say what the items give away: the unigram score, and "fewer units". Ties count half; intervals are 95 %, by bootstrap over
clusters of pairs (words, templates, pairs of passages).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bundle.lm_graph import read_lm
from bundle.units import read_units
from model.unit_lm import PAUSE, Logs, UnitLm, item_scores, stream
from recipes.lm.ngram import KneserNey, perplexity, tune
from recipes.lm.sequences import read_streams
from recipes.lm.train import load_average, log_probabilities

TESTS = ('word', 'grammar', 'ending')


def wins(pairs: list[dict], scores: dict[str, float]) -> np.ndarray:
    """1 where the right item scores higher, 0 where lower, 0.5 for a tie."""
    right, wrong = (np.array([scores[p[side]] for p in pairs]) for side in ('right', 'wrong'))
    return np.where(right > wrong, 1.0, np.where(right < wrong, 0.0, 0.5))


def interval(values: np.ndarray, clusters: Sequence[str], draws: int = 2000) -> tuple[float, float]:
    """95 % bootstrap interval of the mean over whole clusters."""
    _, of = np.unique(np.array(clusters), return_inverse=True)
    sums, sizes = np.bincount(of, values), np.bincount(of)
    chosen = np.random.default_rng(0).integers(len(sums), size=(draws, len(sums)))
    means = sums[chosen].sum(1) / sizes[chosen].sum(1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def figure(pairs: list[dict], won: np.ndarray) -> dict:
    low, high = interval(won, [p['cluster'] for p in pairs])
    return {'percent': round(100 * float(won.mean()), 2), 'low': round(100 * low, 2), 'high': round(100 * high, 2)}


def zero_shot(folder: Path, files: Sequence[Path], models: dict[str, Logs], phones: dict[str, float] | None) -> dict:
    """test → {'pairs', scorer → percent with its interval, kinds of pairs → the same}. Pairs with an item that gave no units are left out."""
    header, units = read_units(files[0])
    for path in files[1:]:
        units |= read_units(path)[1]
    rows = {j['id']: j for j in map(json.loads, (folder / 'manifest.jsonl').open(encoding='utf-8'))}
    streams = {i: np.array(stream(header['merged'] + 1, [u[0] for u in units[r['path']]]), np.int16) for i, r in rows.items() if r['path'] in units}
    spoken = {i: s for i, s in streams.items() if ((s != PAUSE) & (s != s[0])).any()}
    pairs = [p for p in map(json.loads, (folder / 'pairs.jsonl').open(encoding='utf-8')) if p['right'] in spoken and p['wrong'] in spoken]
    scores = {name: item_scores(logs, spoken) for name, logs in models.items()}
    scores['fewer units'] = {i: -float(((s != PAUSE) & (s != s[0])).sum()) for i, s in spoken.items()}
    if phones:
        scores['phones'] = phones
    out = {}
    for test in TESTS:
        mine = [p for p in pairs if p['test'] == test]
        if not mine:
            continue
        won = {name: wins(mine, s) for name, s in scores.items()}
        out[test] = {'pairs': len(mine), **{name: figure(mine, w) for name, w in won.items()}}
        for name in ('kn3', 'kn5'):
            out[test][f'lm − {name}'] = figure(mine, won['lm'] - won[name])
        kinds = sorted({p['kind'] for p in mine})
        out[test]['kinds'] = {k: {'pairs': sum(p['kind'] == k for p in mine)} for k in kinds}
        for k, (name, w) in ((k, item) for k in kinds for item in won.items()):
            chosen = np.array([p['kind'] == k for p in mine])
            out[test]['kinds'][k][name] = round(100 * float(w[chosen].mean()), 1)
    return out


def load_lm(path: Path) -> UnitLm:
    """From a run of recipes/lm/train.py or a bundle."""
    return load_average(path) if (path / 'lm.pt').exists() else read_lm(path / 'lm')[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--lm', type=Path, required=True)
    parser.add_argument('--real', type=Path, nargs='+', required=True)
    parser.add_argument('--limit', type=int, help='only so many streams of each real file, as recipes/lm/train.py had')
    parser.add_argument('--simulated', type=Path, nargs='*', default=[])
    parser.add_argument('--dev', type=Path, nargs='+', required=True)
    parser.add_argument('--test', type=Path, nargs='*', default=[])
    parser.add_argument('--items', type=Path, help='what recipes/lm/zeroshot.py made, tokenized')
    parser.add_argument('--item-units', type=Path, nargs='*', help='their units (default: units.jsonl in --items)')
    parser.add_argument('--phones', type=Path, help='what recipes/lm/phones.py wrote for these items')
    parser.add_argument('--json', type=Path)
    args = parser.parse_args()
    model = load_lm(args.lm)
    files = [read_streams([path])[1][: args.limit] for path in args.real] + [read_streams([path])[1] for path in args.simulated]
    dev = read_streams(args.dev)[1]
    kn = {n: tune(files, dev, n, model.cfg.vocabulary) for n in (3, 5)}
    unigram = KneserNey([(s, 1) for s in files[: len(args.real)]], 1, model.cfg.vocabulary)
    models: dict[str, Logs] = {'lm': lambda streams: log_probabilities(model, streams)}
    models |= {f'kn{n}': m.log_probabilities for n, (m, _) in kn.items()} | {'unigram': unigram.log_probabilities}
    out = {'tuned': {f'kn{n}': how for n, (_, how) in kn.items()}, 'perplexity': {}}
    for path in [*args.dev, *args.test]:
        streams = read_streams([path])[1]
        out['perplexity'][str(path)] = {name: round(perplexity(logs(streams)), 3) for name, logs in models.items()}
        print(f'{path}: {len(streams)} streams, {sum(map(len, streams))} ids, perplexity {out["perplexity"][str(path)]}', flush=True)
    phones = json.loads(args.phones.read_text()) if args.phones else None
    if phones:
        out['tuned']['phones'] = phones['how']
    if args.items:
        out['zero-shot'] = zero_shot(args.items, args.item_units or [args.items / 'units.jsonl'], models, phones and phones['scores'])
        for test, found in out['zero-shot'].items():
            text = ', '.join(f'{n} {v["percent"]} ({v["low"]} to {v["high"]})' for n, v in found.items() if isinstance(v, dict) and 'percent' in v)
            print(f'{test}: {found["pairs"]} pairs: {text}')
            for kind, values in found['kinds'].items():
                print(f'    {kind}: {values}')
    print(out['tuned'])
    if args.json:
        args.json.write_text(json.dumps(out, indent=2) + '\n')


if __name__ == '__main__':
    main()
