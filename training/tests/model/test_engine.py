"""ONNX Runtime leaves nothing on the machine, whichever module loads it."""

import os
import re
import subprocess
import sys

from data.places import PROJECT, TRAINING

MODEL = PROJECT / 'test/fixtures/tiny/onnx/step.onnx'


def test_a_session_leaves_no_file_in_a_fresh_home(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != 'ORT_DISABLE_TELEMETRY'}
    code = f'from model.engine import onnxruntime; onnxruntime.InferenceSession({str(MODEL)!r})'
    subprocess.run(
        [sys.executable, '-c', code],
        cwd=TRAINING,
        env={**environment, 'HOME': str(tmp_path), 'TMPDIR': str(tmp_path)},
        check=True,
    )
    assert list(tmp_path.iterdir()) == []


def test_no_module_imports_the_library_by_itself():
    modules = [path for room in TRAINING.glob('*/__init__.py') for path in room.parent.rglob('*.py')]
    others = [path for path in modules if re.search(r'^import onnxruntime', path.read_text(), re.MULTILINE)]
    assert [path.relative_to(TRAINING).as_posix() for path in others] == ['model/engine.py']
