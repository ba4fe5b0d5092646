"""`temper`: a run of recipes/lm/train.py with its logits divided by the temperature that does best on a development set.

    python -m recipes.lm.temper --run runs/lm/run --dev DEV.jsonl --out runs/lm/small

An unseen voice makes any model too sure of itself. The temperature is folded into the last norm, so nothing else has to know of it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from torch import Tensor

from model.unit_lm import UnitLm, UnitLmConfig
from recipes.lm.sequences import read_streams
from recipes.lm.train import load_checkpoint, perplexity_of
from stage.checkpoint import save

TEMPERATURES = (0.96, 1.0, 1.04, 1.08, 1.12, 1.16)


def tempered(weights: dict[str, Tensor], temperature: float) -> dict[str, Tensor]:
    """The same network, but for norm.weight and norm.bias, which carry the temperature."""
    return {k: v / temperature if k.startswith('norm.') else v for k, v in weights.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--run', type=Path, required=True)
    parser.add_argument('--dev', type=Path, nargs='+', required=True)
    parser.add_argument('--limit', type=int, help='at most so many development streams')
    parser.add_argument('--temperatures', type=float, nargs='+', default=TEMPERATURES)
    parser.add_argument('--out', type=Path, required=True)
    args = parser.parse_args()
    state = load_checkpoint(args.run / 'lm.pt')
    model, dev = UnitLm(UnitLmConfig(**state['lm'])), read_streams(args.dev)[1][: args.limit]
    best: tuple[float, float] = (float('inf'), 1.0)
    for temperature in args.temperatures:
        model.load_state_dict(tempered(state['average'], temperature))
        best = min(best, (perplexity_of(model, dev), temperature))
        print(f'temperature {temperature}: best so far {best[0]:.2f} at {best[1]}', flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    save(args.out / 'lm.pt', {'lm': state['lm'], 'average': tempered(state['average'], best[1])})


if __name__ == '__main__':
    main()
