"""`score`: perplexity on unseen texts and voices, and the zero-shot tests, of a language model and its baselines on the same items.

    python score.py --lm runs/lm/small --real A.jsonl B.jsonl --simulated S.jsonl --dev DEV.jsonl --test TEST.jsonl --items runs/lm/zeroshot/test

--lm: a run of lm.py, or a bundle. Baselines: modified Kneser-Ney of orders 3 and 5 over the same units, tuned on --dev; with --phones one
of order 8 over the true phones of the same texts. An item's score is the mean log-probability of its units, pauses left out. Two rules
without a model say what the items give away: the unigram score, and "fewer units". Ties count half; intervals are 95 %, by bootstrap over
clusters of pairs (words, templates, pairs of passages).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from lexicon import Lexicon
from lm import load_average, log_probabilities
from lm_graph import read_lm
from ngram import KneserNey, Mixture, perplexity, tune
from phones import VOCABULARY, phone_stream, text_streams
from sequences import read_streams
from speak import passages
from unit_lm import PAUSE, UnitLm, stream
from units import read_units

Logs = Callable[[Sequence[np.ndarray]], list[np.ndarray]]
TESTS = ('word', 'grammar', 'ending')


def item_scores(logs: Logs, streams: dict[str, np.ndarray]) -> dict[str, float]:
    """Mean ln p of the units of each stream that are neither pause nor boundary; −inf for a stream without any."""
    out = {}
    for name, s, log in zip(streams, streams.values(), logs(list(streams.values())), strict=True):
        counts = (s[1:] != PAUSE) & (s[1:] != s[0])
        out[name] = float(log[counts].mean()) if counts.any() else -np.inf
    return out


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


def zero_shot(folder: Path, models: dict[str, Logs], phones: Logs | None, lexicon: Lexicon) -> dict:
    """test → {'pairs', scorer → percent with its interval, kinds of pairs → the same}. Pairs with an item that gave no units are left out."""
    header, units = read_units(folder / 'units.jsonl')
    rows = {j['id']: j for j in map(json.loads, (folder / 'manifest.jsonl').open(encoding='utf-8'))}
    streams = {i: np.array(stream(header['merged'] + 1, [u[0] for u in units[r['path']]]), np.int16) for i, r in rows.items() if r['path'] in units}
    spoken = {i: s for i, s in streams.items() if ((s != PAUSE) & (s != s[0])).any()}
    pairs = [p for p in map(json.loads, (folder / 'pairs.jsonl').open(encoding='utf-8')) if p['right'] in spoken and p['wrong'] in spoken]
    scores = {name: item_scores(logs, spoken) for name, logs in models.items()}
    scores['fewer units'] = {i: -float(((s != PAUSE) & (s != s[0])).sum()) for i, s in spoken.items()}
    if phones:
        lexicon.learn(rows[i]['text'] for i in spoken if 'said' not in rows[i])
        said = {i: phone_stream(rows[i]['said'].split()) if 'said' in rows[i] else text_streams([rows[i]['text']], lexicon)[0] for i in spoken}
        scores['phones'] = item_scores(phones, said)
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
    """From a run of lm.py or a bundle."""
    return load_average(path) if (path / 'lm.pt').exists() else read_lm(path / 'lm')[0]


def phone_model(args: argparse.Namespace, lexicon: Lexicon) -> tuple[Mixture, dict]:
    """Order 8 over the true phones of the spoken texts and of all training text, tuned on the development passages."""
    spoken = [json.loads(line)['text'] for folder in args.phones for line in (folder / 'manifest.jsonl').open(encoding='utf-8')]
    every = [r['text'] for r in passages(args.texts, 'train')]
    dev = [r['text'] for r in passages(args.texts, 'dev')][:400]
    lexicon.learn([*spoken, *every, *dev])
    files = [text_streams(texts, lexicon) for texts in (spoken, every)]
    return tune(files if args.simulated else files[:1], text_streams(dev, lexicon), 8, VOCABULARY)


def main() -> None:
    runs = Path(__file__).parent / 'runs/lm'
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--lm', type=Path, required=True)
    parser.add_argument('--real', type=Path, nargs='+', required=True)
    parser.add_argument('--limit', type=int, help='only so many streams of each real file, as lm.py had')
    parser.add_argument('--simulated', type=Path, nargs='*', default=[])
    parser.add_argument('--dev', type=Path, nargs='+', required=True)
    parser.add_argument('--test', type=Path, nargs='*', default=[])
    parser.add_argument('--items', type=Path, help='what zeroshot.py made, tokenized')
    parser.add_argument('--phones', type=Path, nargs='*', default=[], help='the folders of the spoken training texts')
    parser.add_argument('--texts', type=Path, default=runs / 'texts.jsonl')
    parser.add_argument('--lexicon', type=Path, default=runs / 'lexicon.tsv')
    parser.add_argument('--json', type=Path)
    args = parser.parse_args()
    model, lexicon = load_lm(args.lm), Lexicon(args.lexicon)
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
    phones = None
    if args.phones:
        best, out['tuned']['phones'] = phone_model(args, lexicon)
        phones = best.log_probabilities
    if args.items:
        out['zero-shot'] = zero_shot(args.items, models, phones, lexicon)
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
