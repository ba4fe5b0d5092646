"""Tests import the modules of this folder; SYLSTREAM_REQUIRE=all turns a skip into a failure."""

import importlib
import io
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import soundfile
import torch

sys.path.insert(0, str(Path(__file__).parent))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and os.environ.get('SYLSTREAM_REQUIRE') == 'all':
        report.outcome, report.longrepr = 'failed', f'skipped although SYLSTREAM_REQUIRE=all: {report.longrepr}'
    return report


@pytest.fixture(scope='session')
def recordings(tmp_path_factory) -> Path:
    """Shards of a folder of made-up sounds, through audio.py."""
    runs, rng = tmp_path_factory.mktemp('runs'), np.random.default_rng(0)
    for k in range(8):
        path = runs / 'wav' / f's{k % 2}' / f'{k}.wav'
        path.parent.mkdir(parents=True, exist_ok=True)
        tone = np.sin(np.arange(32_000) * rng.uniform(0.05, 0.5)) * np.repeat(rng.random(20), 1600)
        soundfile.write(path, tone * 0.3 + rng.normal(0, 0.01, 32_000), 16_000)
    run('audio', '--runs', runs, '--folder', runs / 'wav', '--name', 'tones')
    return runs / 'audio'


def spread(model: torch.nn.Module) -> torch.nn.Module:
    """Weights large enough that every part of a network shows in its outputs; drawn from torch's own generator."""
    with torch.no_grad():
        for p in model.parameters():
            if p.ndim == 2:
                p.normal_(std=p.shape[1] ** -0.5)
            else:
                p.add_(0.1 * torch.randn_like(p))
    return model


def run(command: str, *options: object) -> str:
    """A command in this process (importing torch anew takes longer than the work); returns what it printed."""
    with redirect_stdout(io.StringIO()) as out, patch.object(sys, 'argv', [command, *map(str, options)]):
        importlib.import_module(command).main()
    return out.getvalue()


@pytest.fixture(scope='session')
def way(recordings, tmp_path_factory) -> Path:
    """pretrain, losspred, two rounds of sylboost, quantize_free, export; returns the folder of the runs."""
    runs = tmp_path_factory.mktemp('free')
    first, second, size = runs / 'round1', runs / 'round2', ('--config', 'tiny')
    audio, common = ('--audio', recordings), ('--device', 'cpu', '--dev-every', 1000, '--data', runs / 'none')
    run('pretrain', *size, '--run', runs, '--data', recordings, '--steps', 20, '--device', 'cpu', '--dev-every', 1000)
    run('losspred', '--run', runs, '--data', recordings, '--spacing', 60, '--stride', 6)
    free = (*size, *audio, *common, '--pretrained', runs / 'pretrain.pt')
    run('sylboost', *free, '--run', first, '--labels', 'losspred', '--steps', 6)
    run('sylboost', *free, '--run', first, '--labels', 'losspred', '--steps', 10, '--resume')
    run('recut', *size, *audio, '--run', first)
    run(
        'sylboost', *free, '--run', second, '--labels', first / 'recut.jsonl', '--student', first / 'sylboost.pt', '--steps', 5, '--teacher-layers', 1
    )
    run('quantize_free', *size, *audio, '--run', second, '--data', runs / 'none')
    run('export', *size, '--run', second, '--clip', Path(__file__).parents[1] / 'test/fixtures/tiny/golden/speech.wav', '--out', runs / 'small-ssl')
    return runs
