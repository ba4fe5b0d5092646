"""Fixtures of all rooms; SYLSTREAM_REQUIRE=all turns a skip into a failure."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from data.places import PROJECT
from tests.helpers import run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and os.environ.get('SYLSTREAM_REQUIRE') == 'all':
        report.outcome, report.longrepr = 'failed', f'skipped although SYLSTREAM_REQUIRE=all: {report.longrepr}'
    return report


@pytest.fixture(scope='session')
def recordings(tmp_path_factory) -> Path:
    """Shards of a folder of made-up sounds, through data/untimed.py."""
    runs, rng = tmp_path_factory.mktemp('runs'), np.random.default_rng(0)
    for k in range(8):
        path = runs / 'wav' / f's{k % 2}' / f'{k}.wav'
        path.parent.mkdir(parents=True, exist_ok=True)
        tone = np.sin(np.arange(32_000) * rng.uniform(0.05, 0.5)) * np.repeat(rng.random(20), 1600)
        soundfile.write(path, tone * 0.3 + rng.normal(0, 0.01, 32_000), 16_000)
    run('data.untimed', '--runs', runs, '--folder', runs / 'wav', '--name', 'tones')
    return runs / 'audio'


@pytest.fixture(scope='session')
def way(recordings, tmp_path_factory) -> Path:
    """pretrain, losspred, two rounds of sylboost, quantize_free, export; returns the folder of the runs."""
    runs = tmp_path_factory.mktemp('free')
    first, second, size = runs / 'round1', runs / 'round2', ('--config', 'tiny')
    audio, common = ('--audio', recordings), ('--device', 'cpu', '--dev-every', 1000, '--data', runs / 'none')
    run('recipes.label_free.pretrain', *size, '--run', runs, '--data', recordings, '--steps', 20, '--device', 'cpu', '--dev-every', 1000)
    run('recipes.label_free.losspred', '--run', runs, '--data', recordings, '--spacing', 60, '--stride', 6)
    free = (*size, *audio, *common, '--pretrained', runs / 'pretrain.pt')
    run('recipes.labelled.sylboost', *free, '--run', first, '--labels', 'losspred', '--steps', 6)
    run('recipes.labelled.sylboost', *free, '--run', first, '--labels', 'losspred', '--steps', 10, '--resume')
    run('recipes.label_free.recut', *size, *audio, '--run', first)
    again = ('--labels', first / 'recut.jsonl', '--student', first / 'sylboost.pt')
    run('recipes.labelled.sylboost', *free, '--run', second, *again, '--steps', 5, '--teacher-layers', 1)
    run('recipes.label_free.quantize', *size, *audio, '--run', second, '--data', runs / 'none')
    run('bundle.export', *size, '--run', second, '--clip', PROJECT / 'test/fixtures/tiny/golden/speech.wav', '--out', runs / 'small-ssl')
    return runs
