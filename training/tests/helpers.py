"""What tests of several rooms use."""

import importlib
import io
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from unittest.mock import patch

import torch

from data.places import TRAINING


def spread(model: torch.nn.Module) -> torch.nn.Module:
    """Weights large enough that every part of a network shows in its outputs; drawn from torch's own generator."""
    with torch.no_grad():
        for p in model.parameters():
            if p.ndim == 2:
                p.normal_(std=p.shape[1] ** -0.5)
            else:
                p.add_(0.1 * torch.randn_like(p))
    return model


def run(command: str, *options: object) -> str:
    """A command in this process (importing torch anew takes longer than the work); returns what it printed."""
    with redirect_stdout(io.StringIO()) as out, patch.object(sys, 'argv', [command, *map(str, options)]):
        importlib.import_module(command).main()
    return out.getvalue()


def command(module: str, *options: object) -> list[str]:
    """The command line of a module, for a process of its own; to be run in TRAINING."""
    return [sys.executable, '-m', module, *map(str, options)]


def run_apart(module: str, *options: object) -> subprocess.CompletedProcess:
    """A command in a process of its own: what it says and how it ends."""
    return subprocess.run(command(module, *options), cwd=TRAINING, capture_output=True, text=True)


def repository(folder: Path, files: dict[str, bytes]) -> str:
    """A git repository with these files; its address."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    git = ['git', '-C', str(folder), '-c', 'user.name=a', '-c', 'user.email=a@b']
    subprocess.run(['git', 'init', '-q', str(folder)], check=True)
    for command in (['config', 'uploadpack.allowFilter', 'true'], ['add', '-A'], ['commit', '-q', '-m', 'all']):
        subprocess.run([*git, *command], check=True)
    return folder.as_uri()
