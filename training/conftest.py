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


def run(command: str, *options: object) -> str:
    """A command in this process (importing torch anew takes longer than the work); returns what it printed."""
    with redirect_stdout(io.StringIO()) as out, patch.object(sys, 'argv', [command, *map(str, options)]):
        importlib.import_module(command).main()
    return out.getvalue()
