"""The files of a published network: its tensors, and what is said where they are not the expected ones."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open


class Refused(SystemExit):
    """The files are not those of the kind that was named: says what was expected, what came, what to do."""


class Tensors:
    """Named arrays; `take` gives one in float32 and refuses what is missing or has another shape."""

    def __init__(self, arrays: dict[str, np.ndarray], path: Path):
        self.arrays, self.path = arrays, path

    def take(self, name: str, *shape: int | None) -> np.ndarray:
        """The tensor, its shape checked; None: any length of that axis."""
        if name not in self.arrays:
            some = ', '.join(sorted(self.arrays)[:4])
            raise Refused(f'{self.path}: expected a tensor {name}, found {len(self.arrays)} others ({some}, ...); is it a file of this KIND?')
        array = np.asarray(self.arrays[name], np.float32)
        if len(array.shape) != len(shape) or any(want not in (None, has) for want, has in zip(shape, array.shape, strict=True)):
            wanted = list('any' if n is None else n for n in shape)
            raise Refused(f'{self.path}: expected {name} to be {wanted}, found {list(array.shape)}; do its settings and its tensors belong together?')
        if not np.isfinite(array).all():
            raise Refused(f'{self.path}: expected finite numbers in {name}, found others; fetch the file again')
        return array

    def within(self, prefix: str) -> Tensors:
        """The tensors whose names begin so, without that; all of them where none does."""
        inner = {n.removeprefix(prefix): a for n, a in self.arrays.items() if n.startswith(prefix)}
        return Tensors(inner or self.arrays, self.path)

    def __contains__(self, name: str) -> bool:
        return name in self.arrays


class Inert(dict):
    """Stands for an object of a class that is not loaded: settings of the program that wrote the file."""

    def __init__(self, *_: object, **__: object):
        super().__init__()

    def __setstate__(self, _: object) -> None:
        pass


class Plain(pickle.Unpickler):
    """Makes tensors and plain values; whatever else a file names is never looked up, so nothing of it runs."""

    KEPT = frozenset({('collections', 'OrderedDict'), ('torch._utils', '_rebuild_tensor_v2'), ('torch._utils', '_rebuild_parameter')})

    def find_class(self, module: str, name: str) -> object:
        if (module, name) in self.KEPT or (module == 'torch' and name.endswith('Storage')):
            return super().find_class(module, name)
        return Inert


class PlainPickle:
    """What torch.load wants of a pickle module."""

    Unpickler = Plain
    load = staticmethod(lambda file, **options: Plain(file, **options).load())


def unpickled(path: Path) -> dict:
    """A file of torch.save, without running any code of it."""
    if not path.is_file():
        raise Refused(f'{path}: expected a file of torch.save, found none')
    try:
        state = torch.load(path, map_location='cpu', weights_only=False, pickle_module=PlainPickle)
    except Exception as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise Refused(f'{path}: expected a file of torch.save, cannot read it: {first}') from error
    if not isinstance(state, dict):
        raise Refused(f'{path}: expected named tensors, found {type(state).__name__}')
    return state


def fairseq_checkpoint(path: Path) -> tuple[dict, dict]:
    """A checkpoint of fairseq -> its state, and its settings as far as they are plain values."""
    state = unpickled(path)
    if not isinstance(state.get('model'), dict):
        raise Refused(f'{path}: expected a checkpoint of fairseq with `model`, found {", ".join(map(str, list(state)[:6]))}')
    return state['model'], state.get('cfg') or {}


def one_file(folder: Path, endings: tuple[str, ...]) -> Path:
    """The file, or the one file of a folder whose name ends so."""
    if folder.is_file():
        return folder
    found = [p for p in sorted(folder.glob('*')) if p.name.endswith(endings)]
    if len(found) != 1:
        names = ', '.join(p.name for p in found) or 'none'
        raise Refused(f'{folder}: expected one file that ends with {" or ".join(endings)}, found {names}; name a folder with the files of one model')
    return found[0]


def arrays_of(state: dict, path: Path) -> Tensors:
    """A state dict -> arrays."""
    tensors = {n: v.float().numpy() for n, v in state.items() if isinstance(v, torch.Tensor)}
    if not tensors:
        raise Refused(f'{path}: expected named tensors, found {", ".join(map(str, list(state)[:6]))}')
    return Tensors(tensors, path)


def json_file(path: Path) -> dict:
    if not path.is_file():
        raise Refused(f'{path}: expected it in a folder of `transformers`, found none; name the folder that has config.json and the weights')
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise Refused(f'{path}: expected JSON: {error}') from error


def folder_tensors(folder: Path) -> Tensors:
    """The weights in a folder of `transformers`: model.safetensors, its parts, or pytorch_model.bin."""
    parts = sorted(folder.glob('model*.safetensors'))
    if parts:
        arrays = {}
        for part in parts:
            with safe_open(part, 'pt') as file:
                arrays |= {name: file.get_tensor(name).float().numpy() for name in file.keys()}
        return Tensors(arrays, folder)
    pickles = sorted(folder.glob('pytorch_model*.bin'))
    if not pickles:
        raise Refused(
            f'{folder}: expected model.safetensors or pytorch_model.bin, found {", ".join(p.name for p in sorted(folder.iterdir())) or "nothing"}'
        )
    state: dict = {}
    for part in pickles:
        state |= unpickled(part)
    return arrays_of(state, folder)


def numpy_file(path: Path) -> np.ndarray:
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise Refused(f'{path}: expected an array of numpy.save, cannot read it: {error}') from error
