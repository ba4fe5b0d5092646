"""How far an imported network's steps agree with whole recordings, over windows and look-aheads.

    python -m measure.windows ../models/whisper --windows 1 2 4 8 --aheads 0.1 0.2 0.4 0.8

Both fp32, at the bundle's natural rate, cut by the whole search: f1 of the cuts that are no pauses' own at 20 ms, and units (measure/agreement.py):
`edges` that stay, `same` that keep their name too, `ued` edits a unit.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file

from bundle.config_json import natural, rules_of
from bundle.imports.live import Run, live, runner, steps_in, steps_of
from measure.agreement import Said, agreement
from measure.heard import Heard, add_options, completed, print_rows, sets, whole
from segment import segmenter
from segment.matching import boundary_scores


def remembered(run: Run) -> Run:
    """The same, which says again what it has said of a window: every look-ahead hears the same ones."""
    said: dict[bytes, np.ndarray] = {}

    def again(wave: np.ndarray) -> np.ndarray:
        key = wave.tobytes()
        if key not in said:
            said[key] = run(wave)
        return said[key]

    return again


def said_of(out: dict, config: dict, book: dict) -> tuple[np.ndarray, Said]:
    """Boundaries (seconds) of what is no pause, and the units; by the whole search."""
    rules = rules_of(config)
    cuts = segmenter.search(segmenter.costs(out['features'], rules), out['boundary'], natural(config), rules)
    units = [u for u in segmenter.units(out, natural(config), rules, book, config['units']['trimTokens'], cuts) if not u['pause']]
    columns = [np.array([u[key] for u in units], np.int64) for key in ('id', 'start', 'end')]
    return segmenter.syllable_edges(out['speech'], cuts, rules), Said(*columns, np.ones(len(units)))


def of_windows(bundle: Path, some: list[Heard], windows: list[float], aheads: list[float], hop: float) -> Iterator[dict[str, float]]:
    """Rows of the table of agreement."""
    config, book = json.loads((bundle / 'config.json').read_text()), load_file(bundle / 'codebook.safetensors')
    once = runner(bundle / 'onnx/wave.onnx')
    steps = steps_of(config)
    edges, said = zip(*(said_of(completed(whole(once, h), h, steps), config, book) for h in some), strict=True)
    for window in windows:
        run = remembered(once)
        for ahead in aheads:
            try:
                steps = steps_in(window, hop, ahead)
            except ValueError:
                continue  # such a window is too short for that
            found, units = zip(*(said_of(completed(live(run, h.wave, steps), h, steps), config, book) for h in some), strict=True)
            yield {'window': window, 'ahead': ahead, 'f1': boundary_scores(list(edges), list(found), 0.02)['f1'], **agreement(said, units)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundle', type=Path)
    parser.add_argument('--windows', type=float, nargs='+', default=[1, 2, 4, 8], help='seconds')
    parser.add_argument('--aheads', type=float, nargs='+', default=[0.1, 0.2, 0.4, 0.8], help='seconds')
    parser.add_argument('--hop', type=float, default=0.24, help='seconds')
    add_options(parser)
    args = parser.parse_args()
    torch.set_num_threads(1)
    some = [h for part in sets(args).values() for h in part]
    print_rows(of_windows(args.bundle, some, args.windows, args.aheads, args.hop))


if __name__ == '__main__':
    main()
