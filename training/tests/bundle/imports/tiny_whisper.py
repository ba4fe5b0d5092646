"""A small random Whisper as CTranslate2 writes one: what tests read."""

import struct

import numpy as np

from bundle.imports import whisper

D, HEADS, LAYERS, PLACES = 8, 2, 2, 60


def arrays(places: int = PLACES) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)

    def drawn(*shape: int) -> np.ndarray:
        return (rng.normal(0, shape[-1] ** -0.5, shape) if len(shape) > 1 else rng.normal(0.5, 0.3, shape)).astype(np.float16)

    out = {'encoder/conv1/weight': drawn(D, 80, 3), 'encoder/conv1/bias': drawn(D), 'encoder/conv2/weight': drawn(D, D, 3)}
    out |= {'encoder/conv2/bias': drawn(D), 'encoder/layer_norm/gamma': drawn(D), 'encoder/layer_norm/beta': drawn(D)}
    out |= {'encoder/num_heads': np.array(HEADS, np.int16), 'encoder/position_encodings/encodings': drawn(places, D), 'decoder/x': drawn(3)}
    for k in range(LAYERS):
        at = f'encoder/layer_{k}'
        for norm in ('self_attention', 'ffn'):
            out |= {f'{at}/{norm}/layer_norm/gamma': drawn(D), f'{at}/{norm}/layer_norm/beta': drawn(D)}
        for name, rows, columns in (
            ('self_attention/linear_0', 3 * D, D),
            ('self_attention/linear_1', D, D),
            ('ffn/linear_0', 4 * D, D),
            ('ffn/linear_1', D, 4 * D),
        ):
            out |= {f'{at}/{name}/weight': drawn(rows, columns), f'{at}/{name}/bias': drawn(rows)}
    return out


def model_bin(tensors: dict[str, np.ndarray]) -> bytes:
    def text(value: str) -> bytes:
        return struct.pack('<H', len(value) + 1) + value.encode() + b'\0'

    data = struct.pack('<I', 6) + text('WhisperSpec') + struct.pack('<II', 3, len(tensors))
    kinds = {np.dtype(of): number for number, of in whisper.TYPES.items()}
    for name, array in tensors.items():
        data += (
            text(name)
            + struct.pack(f'<B{array.ndim}I', array.ndim, *array.shape)
            + struct.pack('<BI', kinds[array.dtype], array.nbytes)
            + array.tobytes()
        )
    return data + struct.pack('<I', 0)
