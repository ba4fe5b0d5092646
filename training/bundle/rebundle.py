"""`rebundle`: manifest and model card of a bundle written anew, after its dial was fitted or it was measured again.

    python -m bundle.rebundle ../models/small --version 1.0.0 --scores scores.json --dial dial.json

Weights, codebook and golden files stay as they are: golden/ speaks of the natural rate, which measure/dial.py leaves alone.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

from bundle.card import merged_card, model_card
from bundle.manifest import read_about, write_manifest


def rounded(value: object) -> object:
    """JSON with its numbers to four digits behind the point."""
    if isinstance(value, dict):
        return {key: rounded(v) for key, v in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def update_bundle(folder: Path, config: dict, changes: dict) -> None:
    """Writes config.json, manifest.json and README.md of a bundle; `changes` go over what the manifest says (`metrics` key by key)."""
    about = read_about(folder)
    metrics = about['metrics'] | changes.get('metrics', {})
    natural = next(r for r in config['boundaries']['rates'] if r['name'] == 'natural')
    metrics['bitsPerSecond'] = round(natural['hz'] * math.log2(config['units']['merged']), 1)
    about |= changes | {'metrics': metrics}
    (folder / 'config.json').write_text(json.dumps(config, indent=2) + '\n')
    card = folder / 'README.md'
    card.write_text(merged_card(card.read_text(), model_card(about['name'], config, about)))
    write_manifest(folder, about)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundle', type=Path)
    parser.add_argument('--version')
    parser.add_argument('--scores', type=Path, help='what measure/evaluate.py --json wrote')
    parser.add_argument('--dial', type=Path, help='what measure/dial.py --json wrote')
    args = parser.parse_args()
    read = {'test': args.scores, 'dial': args.dial}
    metrics = {name: rounded(json.loads(path.read_text())) for name, path in read.items() if path}
    changes = {'metrics': metrics} | ({'version': args.version} if args.version else {})
    update_bundle(args.bundle, json.loads((args.bundle / 'config.json').read_text()), changes)


if __name__ == '__main__':
    main()
