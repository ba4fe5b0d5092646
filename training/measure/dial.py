"""`dial`: how many units a second a bundle gives each speaker at each place of its rate dial, and the fit of the numbered places.

    python -m measure.dial ../models/small --extra runs/audio/sky-en --json dial.json     report on speakers that no training saw
    python -m measure.dial ../models/small --fit --version 1.0.0                          fit the numbered rates anew on the development split

Fit: λ of 5.0, 6.25 and 8.33 by bisection on a mix of the development corpora in which learners (speechocean762) weigh as much as all
readers together; one `even` for all three, the least that brings every development corpus within 7 % of what was asked. Units and
seconds are pooled inside a corpus; pauses count in neither. The natural rate, the codebook and the weights are left as they are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from bundle.config_json import rate_json, rates_of, rules_of
from bundle.outputs import outputs_of
from bundle.rebundle import update_bundle
from data.batches import load_shards
from data.mel import TOKEN, normalise
from data.places import RUNS, SHARED
from measure.evaluate import pack_set
from segment import segmenter

NUMBERED = (5.0, 6.25, 8.33)  # units per second of non-pause (SyllableLM's three)
EVENS = (0.0, 0.02, 0.05, 0.08, 0.1, 0.12, 0.15, 0.2)  # weights of the squared length tried
TOLERANCE = 0.07
LEARNERS = 'speechocean762'
LEAST_SECONDS = 10  # of speech of a speaker whose rate counts in the spread


class Cut:
    """Utterances with their segment costs, ready to be cut at any setting of the dial, live as they ship."""

    def __init__(self, outputs: list[dict[str, np.ndarray]], rules: segmenter.Rules, chunk: int, delay: int):
        self.outputs, self.rules, self.chunk, self.delay = outputs, rules, chunk, delay
        self.costs = [segmenter.costs(o['features'], rules) for o in outputs]

    def live(self, rate: segmenter.Rate) -> list[np.ndarray]:
        pairs = zip(self.costs, self.outputs, strict=True)
        return [segmenter.live(c, o['boundary'], rate, self.rules, chunk=self.chunk, delay=self.delay)[0] for c, o in pairs]

    def edges(self, rate: segmenter.Rate, shift: int = 0) -> list[np.ndarray]:
        """Starts and ends of what is no pause, in seconds."""
        return self.placed(self.live(rate), shift)

    def placed(self, cuts: list[np.ndarray], shift: int) -> list[np.ndarray]:
        """The same of cuts that are there."""
        rules = replace(self.rules, shift_samples=shift)
        return [segmenter.syllable_edges(o['speech'], c, rules) for c, o in zip(cuts, self.outputs, strict=True)]

    def counts(self, rate: segmenter.Rate) -> np.ndarray:
        """Units and seconds of non-pause of each utterance, (utterances, 2)."""
        rows = []
        for cuts, o in zip(self.live(rate), self.outputs, strict=True):
            speech = ~segmenter.pauses(o['speech'], cuts)
            rows.append((speech.sum(), np.diff(cuts)[speech].sum() * TOKEN))
        return np.array(rows, float).reshape(-1, 2)

    def hz(self, rate: segmenter.Rate) -> float:
        """Units per second of non-pause, all utterances together."""
        units, seconds = self.counts(rate).sum(0)
        return float(units / max(1e-9, seconds))


@dataclass
class Voices:
    """One corpus: its utterances and who speaks each."""

    cut: Cut
    speakers: list[str]


def mix_hz(corpora: dict[str, Voices], rate: segmenter.Rate) -> float:
    """Rate of the mix: learners and readers half each, the corpora of each half alike."""
    hz = {name: voices.cut.hz(rate) for name, voices in corpora.items()}
    halves = [[v for n, v in hz.items() if (n == LEARNERS) == learners] for learners in (True, False)]
    return float(np.mean([np.mean(half) for half in halves if half]))


def lambda_for(target: float, rate: segmenter.Rate, hz: Callable[[segmenter.Rate], float]) -> segmenter.Rate:
    """`rate` with the λ at which `hz` gives the target, by bisection: a higher λ gives fewer units."""
    low, high = -40.0, 80.0
    for _ in range(15):
        middle = (low + high) / 2
        low, high = (middle, high) if hz(replace(rate, lam=middle)) > target else (low, middle)
    return replace(rate, name=f'{target}', hz=target, lam=round((low + high) / 2, 3))


def fit(corpora: dict[str, Voices], w: float) -> list[segmenter.Rate]:
    """The numbered rates: the least `even` with which every corpus is within TOLERANCE at each; the last tried if none does."""
    rates: list[segmenter.Rate] = []
    for even in EVENS:
        start = segmenter.Rate('', 0, w, 0, even)
        rates = [lambda_for(target, start, lambda rate: mix_hz(corpora, rate)) for target in NUMBERED]
        off = {name: [voices.cut.hz(rate) / rate.hz - 1 for rate in rates] for name, voices in corpora.items()}
        print(f'even {even}: ' + ', '.join(f'{n} ' + ' / '.join(f'{100 * o:+.1f}' for o in v) for n, v in off.items()) + ' %', flush=True)
        if max(abs(o) for v in off.values() for o in v) <= TOLERANCE:
            break
    return rates


def voices_of(items: Iterable[tuple[torch.Tensor, str]], bundle: Path, limit: int) -> Voices:
    """Streams log-mel (F, 128) of one corpus through the int8 step model; at most `limit` utterances of each speaker."""
    config, run = json.loads((bundle / 'config.json').read_text()), outputs_of(bundle, 'int8', False)
    taken: dict[str, int] = {}
    outputs, speakers = [], []
    for mel, speaker in items:
        taken[speaker] = taken.get(speaker, 0) + 1
        if taken[speaker] > limit:
            continue
        outputs.append(run(normalise(mel, config['mel']['mean'], config['mel']['std'])))
        speakers.append(speaker)
    e = config['encoder']
    return Voices(Cut(outputs, rules_of(config), e['chunkTokens'], e['delayTokens']), speakers)


def shard_items(data: Path, name: str, split: str) -> Iterable[tuple[torch.Tensor, str]]:
    return ((torch.from_numpy(np.asarray(u.mel, np.float32)), u.speaker) for u in load_shards(data, [name], split, timed=False))


def report(corpora: dict[str, Voices], rates: list[segmenter.Rate], units: int) -> dict[str, dict[str, dict]]:
    """Of each corpus and of all together, at each rate: hz, how far off, bits a second, and the speakers' own rates."""
    table: dict[str, dict[str, dict]] = {}
    for rate in rates:
        counts = {name: (voices.cut.counts(rate), np.array(voices.speakers)) for name, voices in corpora.items()}
        counts['all'] = tuple(np.concatenate(column) for column in zip(*counts.values(), strict=True))  # type: ignore[assignment]
        for name, (rows, who) in counts.items():
            of = {s: rows[who == s].sum(0) for s in np.unique(who)}
            own = [u / t for u, t in of.values() if t >= LEAST_SECONDS]
            n, seconds = rows.sum(0)
            spread = {'speakers': len(own), 'sd': float(np.std(own)), 'low': float(min(own)), 'high': float(max(own))} if own else {}
            hz = float(n / seconds)
            off = {} if rate.name == 'natural' else {'off': hz / rate.hz - 1}
            entry = {'hz': hz, **off, 'bits': hz * float(np.log2(units)), 'seconds': float(seconds), **spread}
            table.setdefault(name, {})[rate.name] = {key: round(value, 4) for key, value in entry.items()}
    return table


def print_report(table: dict[str, dict[str, dict]]) -> None:
    print('| corpus | rate | units a second | off | bits a second | speech, min | speakers | sd | lowest to highest |\n|' + ' --- |' * 9)
    for name, rates in table.items():
        for rate, r in rates.items():
            who = f'{r["speakers"]} | {r["sd"]:.2f} | {r["low"]:.2f} to {r["high"]:.2f}' if 'sd' in r else '0 | |'
            off = f'{100 * r["off"]:+.1f} %' if 'off' in r else ''
            print(f'| {name} | {rate} | {r["hz"]:.2f} | {off} | {r["bits"]:.1f} | {r["seconds"] / 60:.1f} | {who} |', flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundle', type=Path)
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--pack', type=Path, default=SHARED / 'eval-pack')
    parser.add_argument('--fit', action='store_true', help='fit on the development split and write config.json, manifest.json and README.md')
    parser.add_argument('--version', help='with --fit: the new version of the bundle')
    parser.add_argument('--limit', type=int, default=40, help='at most so many utterances of a speaker')
    parser.add_argument('--extra', nargs='*', default=[], type=Path, help='report: folders of shards of speakers that no training saw, times or not')
    parser.add_argument('--json', type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    config = json.loads((args.bundle / 'config.json').read_text())
    natural = next(r for r in rates_of(config) if r.name == 'natural')
    shards = [p.parent.name for p in sorted(args.data.glob('*/utterances.jsonl'))]
    if args.fit:
        dev = {name: voices_of(shard_items(args.data, name, 'dev'), args.bundle, args.limit) for name in shards}
        dev = {name: voices for name, voices in dev.items() if voices.speakers}
        if not dev:
            raise SystemExit(f'expected shards with a development split under {args.data}, found none')
        rates = [replace(natural, hz=round(mix_hz(dev, natural), 3)), *fit(dev, natural.w)]
        config['boundaries']['rates'] = [rate_json(rate) for rate in rates]
        update_bundle(args.bundle, config, {'version': args.version} if args.version else {})
        return
    corpora = {n: [(r.mel, r.speaker) for r in pack_set(args.pack, n)] for n in ('festival', 'asterisk-en') if (args.pack / f'{n}.json').exists()}
    corpora |= {name: shard_items(args.data, name, 'test') for name in ('kathleen', LEARNERS) if name in shards}
    corpora |= {folder.name: shard_items(folder.parent, folder.name, 'train') for folder in args.extra}
    table = report({n: voices_of(items, args.bundle, args.limit) for n, items in corpora.items()}, rates_of(config), config['units']['merged'])
    print_report(table)
    if args.json:
        args.json.write_text(json.dumps(table, indent=1) + '\n')


if __name__ == '__main__':
    main()
