"""What manifest and card of a bundle say of its language model, and a bundle without it."""

from __future__ import annotations

import shutil
from pathlib import Path

from bundle.card import sections
from bundle.manifest import read_about, write_manifest

HEADING = '## Language model'
DATA = 'language model: '  # what its rows of trainingData begin with


def remove_lm(bundle: Path) -> None:
    """Takes lm/ out of a bundle, and what manifest and card say of it."""
    shutil.rmtree(bundle / 'lm', ignore_errors=True)
    about = read_about(bundle)
    about['trainingData'] = [d for d in about['trainingData'] if not d['name'].startswith(DATA)]
    about['metrics'].pop('lm', None)
    readme = bundle / 'README.md'
    readme.write_text(''.join(part for title, part in sections(readme.read_text()).items() if title != HEADING))
    write_manifest(bundle, about)
