"""Every layer of a Whisper on whole recordings: F1 of syllable boundaries at 50 ms, each set cut at one number of units a second.

python -m experiments.whisper_layers ~/whisper-base
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

from bundle.imports import whisper
from bundle.imports.dial import Cutter
from bundle.imports.live import Steps, runner
from measure.heard import Heard, add_options, completed, print_rows, sets, whole
from segment import segmenter
from segment.matching import boundary_scores

STEPS = Steps(chunk=12, window=192, delay=20)  # the default ones: they decide what the level's stand-in for speech takes for the end


def of_layers(folder: Path, all_sets: dict[str, list[Heard]], hz: float) -> Iterator[dict[str, float]]:
    """F1 at 50 ms of each layer of a Whisper, on whole recordings, at one number of units a second on each set."""
    for layer in range(whisper.read(folder, layer=None).build.keywords['layers'] + 1):
        network = whisper.read(folder, layer=layer)
        rules = segmenter.Rules(shift_samples=network.shift)
        with tempfile.NamedTemporaryFile(suffix='.onnx') as file:
            Path(file.name).write_bytes(network.build(False).SerializeToString())
            run = runner(Path(file.name))
        row = {'layer': layer}
        for name, some in all_sets.items():
            outs = [completed(whole(run, h), h, STEPS) for h in some]
            rate = Cutter(outs, rules).rate('natural', hz)
            found = []
            for out in outs:
                cuts = segmenter.search(segmenter.costs(out['features'], rules), out['boundary'], rate, rules)
                found.append(segmenter.syllable_edges(out['speech'], cuts, rules))
            row[name] = boundary_scores([h.item.edges for h in some], found, 0.05)['f1']
        yield row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path)
    parser.add_argument('--per-second', type=float, default=5.0, help='units a second')
    add_options(parser)
    args = parser.parse_args()
    torch.set_num_threads(1)
    print_rows(of_layers(args.folder, sets(args), args.per_second))


if __name__ == '__main__':
    main()
