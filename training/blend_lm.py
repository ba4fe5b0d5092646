"""`blend_lm`: the mean of the weights of several runs of lm.py that began as one, its logits divided by a temperature chosen on a dev set.

    python blend_lm.py --runs runs/lm/a runs/lm/b --dev DEV.jsonl --out runs/lm/small

An unseen voice makes any model too sure of itself. The temperature is folded into the last norm, so nothing else has to know of it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from lm import load_checkpoint, perplexity_of
from loop import save
from sequences import read_streams
from unit_lm import UnitLm, UnitLmConfig

TEMPERATURES = (1.0, 1.04, 1.08, 1.12, 1.16)


def blended(states: list[dict], temperature: float) -> dict:
    """Weights of the mean network; norm.weight and norm.bias carry the temperature."""
    mean = {k: sum(s[k] for s in states) / len(states) for k in states[0]}
    return {k: v / temperature if k.startswith('norm.') else v for k, v in mean.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=Path, nargs='+', required=True)
    parser.add_argument('--dev', type=Path, nargs='+', required=True)
    parser.add_argument('--limit', type=int, help='at most so many development streams')
    parser.add_argument('--temperatures', type=float, nargs='+', default=TEMPERATURES)
    parser.add_argument('--out', type=Path, required=True)
    args = parser.parse_args()
    states = [load_checkpoint(run / 'lm.pt') for run in args.runs]
    model, dev = UnitLm(UnitLmConfig(**states[0]['lm'])), read_streams(args.dev)[1][: args.limit]
    best: tuple[float, float] = (float('inf'), 1.0)
    for temperature in args.temperatures:
        model.load_state_dict(blended([s['average'] for s in states], temperature))
        best = min(best, (perplexity_of(model, dev), temperature))
        print(f'temperature {temperature}: best so far {best[0]:.2f} at {best[1]}', flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    save(args.out / 'lm.pt', {'lm': states[0]['lm'], 'average': blended([s['average'] for s in states], best[1])})


if __name__ == '__main__':
    main()
