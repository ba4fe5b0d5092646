"""Whisper's encoder: a small random model.bin against PyTorch's own layers and torchaudio's mel; and files that are none."""

import struct
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
import torch.nn.functional as F
import torchaudio

from bundle.imports import whisper

D, HEADS, LAYERS, PLACES = 8, 2, 2, 60


def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)

    def drawn(*shape: int) -> np.ndarray:
        return (rng.normal(0, shape[-1] ** -0.5, shape) if len(shape) > 1 else rng.normal(0.5, 0.3, shape)).astype(np.float16)

    out = {'encoder/conv1/weight': drawn(D, 80, 3), 'encoder/conv1/bias': drawn(D), 'encoder/conv2/weight': drawn(D, D, 3)}
    out |= {'encoder/conv2/bias': drawn(D), 'encoder/layer_norm/gamma': drawn(D), 'encoder/layer_norm/beta': drawn(D)}
    out |= {'encoder/num_heads': np.array(HEADS, np.int16), 'encoder/position_encodings/encodings': drawn(PLACES, D), 'decoder/x': drawn(3)}
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


def encoded(wave: np.ndarray, tensors: dict[str, np.ndarray], layers: int) -> torch.Tensor:
    """(N,) -> (T, D): the network in PyTorch's words."""
    t = {n: torch.from_numpy(np.asarray(v, np.float32)) for n, v in tensors.items()}
    spectrum = torch.stft(torch.from_numpy(wave), 400, 160, window=torch.hann_window(400), return_complex=True)[:, :-1].abs() ** 2
    bank = torchaudio.functional.melscale_fbanks(201, 0, 8000, 80, 16_000, norm='slaney', mel_scale='slaney')
    log = (bank.T @ spectrum).clamp(min=1e-10).log10()
    x = ((torch.maximum(log, log.max() - 8) + 4) / 4)[None]
    x = F.gelu(F.conv1d(x, t['encoder/conv1/weight'], t['encoder/conv1/bias'], padding=1))
    x = F.gelu(F.conv1d(x, t['encoder/conv2/weight'], t['encoder/conv2/bias'], stride=2, padding=1))[0].T
    x = x + t['encoder/position_encodings/encodings'][: len(x)]
    for k in range(layers):
        at = f'encoder/layer_{k}/'

        def normed(y: torch.Tensor, name: str, at: str = at) -> torch.Tensor:
            return F.layer_norm(y, (D,), t[f'{at}{name}/layer_norm/gamma'], t[f'{at}{name}/layer_norm/beta'])

        def linear(y: torch.Tensor, name: str, at: str = at) -> torch.Tensor:
            return F.linear(y, t[f'{at}{name}/weight'], t[f'{at}{name}/bias'])

        q, k_, v = (
            part.unflatten(1, (HEADS, -1)).transpose(0, 1) for part in linear(normed(x, 'self_attention'), 'self_attention/linear_0').chunk(3, 1)
        )
        x = x + linear(F.scaled_dot_product_attention(q, k_, v).transpose(0, 1).flatten(1), 'self_attention/linear_1')
        x = x + linear(F.gelu(linear(normed(x, 'ffn'), 'ffn/linear_0')), 'ffn/linear_1')
    if layers == LAYERS:
        return F.layer_norm(x, (D,), t['encoder/layer_norm/gamma'], t['encoder/layer_norm/beta'])
    return F.layer_norm(x, (D,))


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / 'model.bin').write_bytes(model_bin(arrays()))
    return tmp_path


@pytest.mark.parametrize('layer', [0, 1, 2])
def test_tokens_are_those_of_the_network_from_the_second_on(folder, layer):
    network = whisper.read(folder, layer=layer)
    wave = np.random.default_rng(1).normal(0, 0.1, 320 * 30 + 240).astype(np.float32)
    session = onnxruntime.InferenceSession(network.build(False).SerializeToString())
    (found,) = session.run(None, {'wave': wave[None]})[0]
    assert found.shape == (30, D) and network.width == D
    np.testing.assert_allclose(found, encoded(wave, arrays(), layer)[1:].numpy(), atol=1e-4)


def test_parts_are_joined(folder):
    data = (folder / 'model.bin').read_bytes()
    (folder / 'model.bin').unlink()
    for k, part in enumerate((data[:1000], data[1000:])):
        (folder / f'part{k + 1}').mkdir()
        (folder / f'part{k + 1}' / f'model.bin.part{k + 1}').write_bytes(part)
    assert whisper.read(folder, layer=2).layers == 2


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        (lambda data: data[:5000], 'expected more of the model'),
        (lambda data: data.replace(b'WhisperSpec', b'WhisperSpek'), "found 'WhisperSpek'"),
        (lambda data: b'PK\3\4' + data, 'expected a CTranslate2 model of WhisperSpec'),
        (lambda data: data[:2], 'expected more of the model'),
        (lambda data: data.replace(b'encoder/conv1/weight', b'encoder/conv9/weight'), 'expected a tensor conv1.weight'),
    ],
)
def test_other_files_are_refused(folder, change, said):
    (folder / 'model.bin').write_bytes(change((folder / 'model.bin').read_bytes()))
    with pytest.raises(SystemExit, match=said):
        whisper.read(folder, layer=1)


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(SystemExit, match=r'expected model\.bin'):
        whisper.read(tmp_path, layer=1)
