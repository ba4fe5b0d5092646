"""The options that the stages share."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from data.places import RUNS
from stage.shares import own_device


def arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The options that timed and sylboost share."""
    parser.add_argument('--config', default='small')
    parser.add_argument('--run', type=Path, default=RUNS / 'small', help='folder of checkpoints and logs')
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--corpora', nargs='*', help='shards to train on (default: all that are there)')
    parser.add_argument('--weights', type=json.loads, default={}, help='JSON: corpus -> how often it is drawn')
    parser.add_argument('--steps', type=int, help='total steps (default: of the config)')
    parser.add_argument('--decay', type=int, default=0, help='steps at the end over which the learning rate goes to 0')
    parser.add_argument('--lr', type=float)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--resume', action='store_true')
    parser.add_argument('--save-minutes', type=float, default=2.5)
    parser.add_argument('--dev-every', type=int, default=250)
    parser.add_argument('--accumulate', type=int, default=1, help='draws of a step and process, their gradients averaged')
    parser.add_argument('--device', default=own_device())
    parser.add_argument('--no-amp', action='store_true', help='fp32 instead of bfloat16 autocast')
    return parser
