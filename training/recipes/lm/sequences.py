"""Files of units → streams that a language model reads: the boundary id, the units with runs of pauses as one, the boundary id."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from bundle.units import read_units
from model.unit_lm import stream


def read_streams(paths: Iterable[Path]) -> tuple[int, list[np.ndarray]]:
    """The vocabulary (M + 2) and the streams of files that must come from one codebook; a recording without speech is left out."""
    streams, first = [], None
    for path in paths:
        header, units = read_units(path)
        first = first or (path, header)
        if header['codebook'] != first[1]['codebook']:
            raise ValueError(f'{path}: expected units of the codebook {first[1]["codebook"][:12]} as {first[0]} has, got {header["codebook"][:12]}')
        boundary = header['merged'] + 1
        streams += [np.array(stream(boundary, ids), np.int16) for ids in ([u[0] for u in rows] for rows in units.values()) if any(ids)]
    if first is None:
        raise ValueError('expected at least one file of units')
    return first[1]['merged'] + 2, streams
