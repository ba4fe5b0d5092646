"""`delay`: what a limit on the wait for a decision (`maxDelayMs`) costs.

    python -m measure.delay ../models/small                                    the development split, where the limit is chosen
    python -m measure.delay ../models/small --split test --pack                every set of `evaluate`

A row is a set and a limit in milliseconds: F1 of all boundaries at 50 and 20 ms, decision delay after the place of the boundary (p50, p95, ms),
share of forced decisions. Features are computed once, live and in int8.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from bundle.config_json import natural
from bundle.outputs import outputs_of
from data.batches import thinned
from data.mel import normalise
from data.places import RUNS, SHARED
from measure.evaluate import evaluate, pack_set, replay, shard_set

LIMITS = (200, 300, 400, 500, 600, 800, float('inf'))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundle', type=Path)
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--split', default='dev', help='of the shards')
    parser.add_argument('--sets', nargs='+', default=['kathleen', 'speechocean762', 'timed-speech'])
    parser.add_argument('--pack', action='store_true', help='also Festival and Asterisk of the evaluation pack, which nothing is chosen by')
    parser.add_argument('--limits', type=float, nargs='+', default=LIMITS, metavar='MS')
    parser.add_argument('--limit', type=int, default=120, help='at most so many utterances a set')
    parser.add_argument('--json', type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    config = json.loads((args.bundle / 'config.json').read_text())
    run, rate, mel = outputs_of(args.bundle, 'int8', False), natural(config), config['mel']
    sets = {name: shard_set(args.data, name, args.split) for name in args.sets}
    if args.pack:
        sets |= {name: pack_set(SHARED / 'eval-pack', name) for name in ('festival', 'asterisk-en')}
    table: dict[str, dict[str, dict[str, float]]] = {}
    print('| set | limit, ms | F1 at 50 ms | at 20 ms | p50, ms | p95, ms | forced |\n| --- | --- | --- | --- | --- | --- | --- |')
    for name, items in sets.items():
        few = thinned(items, args.limit)
        outputs = [run(normalise(item.mel, mel['mean'], mel['std'])) for item in few]
        for limit in args.limits:
            s = evaluate(few, config, replay(outputs), rate, True, limit)
            table.setdefault(name, {})[str(limit)] = s
            scores = f'{s["F1_50ms"]:.3f} | {s["F1_20ms"]:.3f} | {s["delay_p50"]:.0f} | {s["delay_p95"]:.0f} | {s["forced"]:.3f}'
            print(f'| {name} | {limit:g} | {scores} |', flush=True)
    if args.json:
        args.json.write_text(json.dumps(table, indent=1) + '\n')


if __name__ == '__main__':
    main()
