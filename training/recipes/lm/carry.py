"""`carry`: a bundle's language model told the names that another codebook has for its units, so that training need not begin at nothing.

    python -m bundle.units runs/lm/speech/train --bundle OLD --limit 600 --out runs/lm/units/before.jsonl
    python -m recipes.lm.carry OLD/lm --before runs/lm/units/before.jsonl --now runs/lm/speech/train/units.jsonl --out runs/lm/run
    python -m recipes.lm.train ... --run runs/lm/run --resume

What follows what in English is the same, whatever the units are called. So the blocks stay, and the vector of a new unit is the mean of the
old units that the same speech had at the same time, each by its share of that time, squared: the usual one counts more than chance. Pause and
boundary keep theirs; a unit that was never heard gets the mean of all. Writes a checkpoint at step 0, with a fresh optimiser.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from bundle.lm_graph import read_lm
from bundle.units import read_units
from model.unit_lm import PAUSE, UnitLm
from recipes.lm.train import LR, optimizers_of, save_checkpoint


def shared_time(before: dict[str, list], now: dict[str, list], sizes: tuple[int, int]) -> np.ndarray:
    """Samples (sizes) for which a unit of `now` and one of `before` were said at once, over the recordings of both. Units: [id, start, end, ...]."""
    time = np.zeros(sizes)
    for path in before.keys() & now.keys():
        old, at = before[path], 0
        for unit, start_, end, *_ in now[path]:
            while at < len(old) and old[at][2] <= start_:
                at += 1
            for was, first, last, *_ in old[at:]:
                if first >= end:
                    break
                time[unit, was] += min(end, last) - max(start_, first)
    return time


def carried(embedding: Tensor, time: np.ndarray) -> Tensor:
    """Vectors (M' + 2, width) of new units from those of the old ones (M + 2, width) and `shared_time` (M' + 1, M + 1)."""
    old = embedding[1:-1].double()
    weight = torch.from_numpy(time[1:, 1:]) ** 2
    weight[weight.sum(1) == 0] = 1.0
    new = (weight / weight.sum(1, keepdim=True)) @ old
    return torch.cat([embedding[PAUSE][None], new.to(embedding.dtype), embedding[-1:]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('lm', type=Path, help='lm/ of the bundle that it comes from')
    parser.add_argument('--before', type=Path, required=True, help="speech in that bundle's units")
    parser.add_argument('--now', type=Path, required=True, help='the same speech, or more, in the new units')
    parser.add_argument('--out', type=Path, required=True, help='folder of the checkpoint')
    args = parser.parse_args()
    model, config = read_lm(args.lm)
    (was, before), (header, now) = read_units(args.before), read_units(args.now)
    if was['codebook'] != config['codebook']:
        raise SystemExit(f'--before: expected units of the codebook {config["codebook"][:12]}, which the model knows, got {was["codebook"][:12]}')
    time = shared_time(before, now, (header['merged'] + 1, was['merged'] + 1))
    if not time.any():
        raise SystemExit('--before and --now: expected recordings that both have, got none')
    state = model.state_dict()
    state['embed.weight'] = carried(state['embed.weight'], time)
    new = UnitLm(replace(model.cfg, vocabulary=header['merged'] + 2))
    new.load_state_dict(state)
    args.out.mkdir(parents=True, exist_ok=True)
    save_checkpoint(args.out, new, new, optimizers_of(new, LR), 0)
    heard = time[1:, 1:].max(1) / np.maximum(1, time[1:].sum(1))
    print(f'{len(before.keys() & now.keys())} recordings; a new unit is {heard.mean():.0%} of its time one old unit, in the mean', flush=True)


if __name__ == '__main__':
    main()
