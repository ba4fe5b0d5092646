"""ONNX Runtime with its telemetry off: it would write into the user's cache folder and call home. Import it from here."""

import os

os.environ['ORT_DISABLE_TELEMETRY'] = '1'  # read once, as the library is loaded

import onnxruntime

__all__ = ['onnxruntime']
