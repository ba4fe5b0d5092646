"""What an imported network says: its graph in fp32, run as it is built."""

import numpy as np

from bundle.imports.graph import Network
from model.engine import onnxruntime


def features(network: Network, wave: np.ndarray) -> np.ndarray:
    """wave (B, N) -> (B, T, D)."""
    session = onnxruntime.InferenceSession(network.build(False).SerializeToString())
    return session.run(None, {'wave': wave})[0]
