"""`parts`: what the parts of a finished bundle are worth, one factor at a time, on the development split: no training.

    python -m experiments.parts ../models/small

Rows: as it ships (int8, live, decisions within 800 ms); fp32; whole context; earlier and later decisions; boundary logits alone; features
alone. λ is the bundle's own, but where a part is missing: there the best one for all sets, as recipes/labelled/quantize.py would pick it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from bundle.config_json import natural, rules_of
from bundle.outputs import outputs_of
from data.mel import normalise
from data.places import RUNS
from segment import segmenter
from segment.matching import boundary_scores
from stage.development import dev_sets

LAMBDAS = tuple(np.round(np.arange(-3, 6.01, 0.25), 2))
Outputs = dict[str, np.ndarray]


@dataclass
class Part:
    """A row: how it is named, which outputs it cuts, how, and whether it needs a λ of its own."""

    name: str
    outputs: str  # int8, fp32 or whole
    live: bool = True
    max_delay_ms: float = 800
    change: Callable[[Outputs], Outputs] = lambda out: out
    own_lambda: bool = False


def silent(key: str) -> Callable[[Outputs], Outputs]:
    """Outputs with one of them set to 0."""
    return lambda out: out | {key: np.zeros_like(out[key])}


PARTS = (
    Part('as it ships', 'int8'),
    Part('fp32', 'fp32'),
    Part('whole context, full search', 'whole', live=False),
    Part('decisions within 400 ms', 'int8', max_delay_ms=400),
    Part('decisions without a limit', 'int8', max_delay_ms=float('inf')),
    Part('boundary logits alone', 'int8', change=silent('features'), own_lambda=True),
    Part('features alone', 'int8', change=silent('boundary'), own_lambda=True),
)


def scores_of(
    part: Part, outputs: dict[str, list[Outputs]], references: dict[str, list], rate: segmenter.Rate, config: dict
) -> dict[str, list[float]]:
    """F1 at 50 and at 20 ms of each set."""
    rules, e = rules_of(config), config['encoder']
    table = {}
    for name, outs in outputs.items():
        found = []
        for out in map(part.change, outs):
            cost = segmenter.costs(out['features'], rules)
            if part.live:
                how = {'chunk': e['chunkTokens'], 'delay': e['delayTokens'], 'max_delay_ms': part.max_delay_ms}
                cuts, _, _ = segmenter.live(cost, out['boundary'], rate, rules, **how)
            else:
                cuts = segmenter.search(cost, out['boundary'], rate, rules)
            found.append(segmenter.syllable_edges(out['speech'], cuts, rules))
        table[name] = [boundary_scores(references[name], found, tolerance)['f1'] for tolerance in (0.05, 0.02)]
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundle', type=Path)
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--each', type=int, default=48, help='development utterances of each corpus')
    parser.add_argument('--json', type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    config, dev = json.loads((args.bundle / 'config.json').read_text()), dev_sets(args.data, args.each)
    references = {name: [u.edges for u in us] for name, us in dev.items()}
    mels = {name: [torch.from_numpy(np.asarray(u.mel, np.float32)) for u in us] for name, us in dev.items()}
    outputs: dict[str, dict[str, list[Outputs]]] = {}
    table = {}
    print('| | ' + ' | '.join(f'{name} 50 ms | 20 ms' for name in dev) + ' | mean |\n|' + ' --- |' * (2 + 2 * len(dev)))
    for part in PARTS:
        if part.outputs not in outputs:
            run = outputs_of(args.bundle, 'fp32' if part.outputs == 'whole' else part.outputs, part.outputs == 'whole')
            outputs[part.outputs] = {
                n: [run(normalise(mel, config['mel']['mean'], config['mel']['std'])) for mel in of_set] for n, of_set in mels.items()
            }
        tried = [replace(natural(config), lam=float(lam)) for lam in LAMBDAS] if part.own_lambda else [natural(config)]
        found = [scores_of(part, outputs[part.outputs], references, rate, config) for rate in tried]
        best = max(found, key=lambda scores: np.mean(list(scores.values())))
        table[part.name] = best | {'mean': float(np.mean(list(best.values())))}
        cells = ' | '.join(f'{a:.3f} | {b:.3f}' for a, b in best.values())
        print(f'| {part.name} | {cells} | {table[part.name]["mean"]:.3f} |', flush=True)
    if args.json:
        args.json.write_text(json.dumps(table, indent=1) + '\n')


if __name__ == '__main__':
    main()
