"""An imported network's bundle, run live and on whole recordings: boundaries against labels, and what its units say.

    python -m measure.imported ../models/whisper ../models/whisper-sylboost

Sets as of measure/evaluate.py. "live": step by step, int8, the online search; "whole": fp32, a recording heard at once, the whole search.
`info`: measure/unit_figures.py's information about the syllable over its entropy, corrected for chance.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file

from bundle.config_json import natural, rules_of
from bundle.imports.live import live, runner, steps_of
from measure.evaluate import evaluate, print_table, replay
from measure.heard import Heard, add_options, completed, sets, whole
from measure.unit_figures import figures
from segment import segmenter
from segment.overlap import most_overlapped


def information(some: list[Heard], outputs: list[dict], cut: Callable[[dict], np.ndarray], config: dict, book: dict) -> float | None:
    """About the syllable, of the units of a set; None where nothing says what the syllables are."""
    units, labels = [], []
    for heard, out in zip(some, outputs, strict=True):
        if heard.spans is None or heard.labels is None:
            return None
        cuts = cut(out)
        ids = segmenter.names(segmenter.segment_vectors(out['features'], cuts, config['units']['trimTokens']), book)
        of = most_overlapped(cuts, heard.spans)
        keep = ~segmenter.pauses(out['speech'], cuts) & (of >= 0)
        units += ids[keep].tolist()
        labels += [heard.labels[k] for k in of[keep]]
    syllable = np.unique(labels, return_inverse=True)[1]
    return figures(np.array(units), syllable, np.zeros(len(units), np.int64), np.random.default_rng(0))[0]


def scores(bundle: Path, all_sets: dict[str, list[Heard]]) -> dict[str, dict[str, dict[str, float]]]:
    """The table of a bundle: set -> way -> scores."""
    config, book = json.loads((bundle / 'config.json').read_text()), load_file(bundle / 'codebook.safetensors')
    steps, rate, rules, table = steps_of(config), natural(config), rules_of(config), {}
    step, once = runner(bundle / 'onnx/wave_int8.onnx'), runner(bundle / 'onnx/wave.onnx')
    for name, some in all_sets.items():
        ways = {
            'live int8': [completed(live(step, h.wave, steps), h, steps) for h in some],
            'whole fp32': [completed(whole(once, h), h, steps) for h in some],
        }
        table[name] = {}
        for way, outputs in ways.items():
            is_live = way == 'live int8'

            def cut(out: dict, is_live: bool = is_live) -> np.ndarray:
                cost = segmenter.costs(out['features'], rules)
                if is_live:
                    return segmenter.live(cost, out['boundary'], rate, rules, chunk=steps.chunk, delay=steps.delay)[0]
                return segmenter.search(cost, out['boundary'], rate, rules)

            row = evaluate([h.item for h in some], config, replay(outputs), rate, is_live, 800)
            info = information(some, outputs, cut, config, book)
            table[name][way] = row if info is None else row | {'info': info}
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundles', type=Path, nargs='+', metavar='BUNDLE')
    add_options(parser)
    parser.add_argument('--json', type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    all_sets, result = sets(args), {}
    for bundle in args.bundles:
        print(f'\n{bundle.name}')
        table = result[bundle.name] = scores(bundle, all_sets)
        print_table(table)
        for name, ways in table.items():
            for way, row in ways.items():
                if 'info' in row:
                    print(f'{name}, {way}: {row["info"]:.3f} of what a syllable says is in its unit')
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + '\n')


if __name__ == '__main__':
    main()
