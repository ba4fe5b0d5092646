"""ONNX Runtime leaves nothing on the machine, whichever module loads it."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
MODEL = HERE / '../test/fixtures/tiny/onnx/step.onnx'


def test_a_session_leaves_no_file_in_a_fresh_home(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != 'ORT_DISABLE_TELEMETRY'}
    code = f'from engine import onnxruntime; onnxruntime.InferenceSession({str(MODEL)!r})'
    subprocess.run(
        [sys.executable, '-c', code],
        cwd=HERE,
        env={**environment, 'HOME': str(tmp_path), 'TMPDIR': str(tmp_path)},
        check=True,
    )
    assert list(tmp_path.iterdir()) == []


def test_no_module_imports_the_library_by_itself():
    others = [
        path.name
        for path in [*HERE.glob('*.py'), *HERE.glob('vocoder/*.py')]
        if '\nimport onnxruntime' in path.read_text() and path.name != 'engine.py'
    ]
    assert others == []
