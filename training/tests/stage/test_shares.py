"""Two processes under torchrun go the way of one with twice the batch."""

import re
import subprocess
import sys

import torch

from config import load_config
from data.places import TRAINING
from model.encoder import Encoder
from stage.checkpoint import load_checkpoint

RUN = 'tests.stage.shares_run'


def run(*command: object) -> str:
    found = subprocess.run([sys.executable, '-m', *map(str, command)], cwd=TRAINING, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    return found.stdout


def test_two_processes_go_the_way_of_one_with_twice_the_batch(tmp_path):
    alone = run(RUN, tmp_path / 'one.pt', 2)
    both = run('torch.distributed.run', '--standalone', '--nproc-per-node', 2, '-m', RUN, tmp_path / 'two.pt', 1)
    losses = [[float(value) for value in re.findall(r'loss (\S+)', told)] for told in (alone, both)]
    assert len(losses[0]) == 1  # one process tells
    torch.testing.assert_close(losses[1], losses[0], rtol=1e-3, atol=0)
    cfg = load_config('tiny').encoder
    one, two = (load_checkpoint(tmp_path / name, cfg) for name in ('one.pt', 'two.pt'))
    Encoder(cfg).load_state_dict(two['average'])
    assert two['step'] == one['step']
    for part in ('model', 'average'):
        for name, value in one[part].items():
            torch.testing.assert_close(two[part][name], value, rtol=1e-3, atol=1e-4, msg=name)
