"""Tests import the modules of this folder; SYLSTREAM_REQUIRE=all turns a skip into a failure."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and os.environ.get('SYLSTREAM_REQUIRE') == 'all':
        report.outcome, report.longrepr = 'failed', f'skipped although SYLSTREAM_REQUIRE=all: {report.longrepr}'
    return report
