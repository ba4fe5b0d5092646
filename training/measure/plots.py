"""Pictures of utterances: log-mel, the boundary logit, where the reference has its boundaries and where the units of a bundle lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.mel import EDGE, TOKEN
from segment.baselines import Recording


@dataclass
class Picture:
    """What a bundle made of a recording: boundary logits of its tokens, the edges of its units (seconds), (start, end, name) of each."""

    logits: np.ndarray
    edges: np.ndarray
    units: list[tuple[float, float, str]]


def plot(path: Path, title: str, item: Recording, made: Picture) -> None:
    """Writes one PNG: log-mel with the reference's boundaries above and the units below, and the logits under it."""
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot

    seconds = len(item.mel) * 0.01
    figure, (top, low) = pyplot.subplots(2, 1, sharex=True, figsize=(max(6.0, 3.5 * seconds), 4.2), height_ratios=(3, 1), layout='constrained')
    top.imshow(item.mel.numpy().T, origin='lower', aspect='auto', extent=(0, seconds, 0, 128), cmap='Greys', interpolation='nearest')
    top.vlines(item.edges, 64, 128, colors='tab:green', lw=1.5, label='reference')
    top.vlines(made.edges, 0, 64, colors='tab:red', lw=1.5, label='units')
    for start, end, name in made.units:
        top.text((start + end) / 2, 3, name, ha='center', fontsize=7, color='tab:red')
    top.set(ylabel='mel bin', title=title)
    top.legend(loc='upper right', fontsize=7)
    low.plot(np.arange(len(made.logits)) * TOKEN + EDGE, made.logits, lw=1)
    low.axhline(0, color='grey', lw=0.5)
    low.set(ylabel='boundary logit', xlabel='seconds', xlim=(0, seconds))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
