"""A part of a public git repository, without its history and without what is not asked for."""

from __future__ import annotations

import subprocess
from pathlib import Path


def clone(url: str, folder: Path, patterns: list[str]) -> None:
    """Checks out the files that match the patterns (of gitignore, from the root) into `folder`; what is there already stays. Needs git >= 2.27."""
    if not (folder / '.git').exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(['git', 'clone', '-q', '--depth', '1', '--filter=blob:none', '--no-checkout', url, str(folder)], check=True)
    subprocess.run(['git', '-C', str(folder), 'sparse-checkout', 'set', '--no-cone', *patterns], check=True)
    subprocess.run(['git', '-C', str(folder), 'checkout', '-q'], check=True)
