"""`export`: a run of recipes/lm/train.py → lm/ of a bundle, with its figures in the manifest and the model card.

    python -m recipes.lm.export --run runs/lm/small --bundle ../models/small --golden runs/lm/speech/dev/units.jsonl --scores scores.json

The bundle's hash changes with it. A run on units of another codebook is refused.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

from bundle.card import table, with_section
from bundle.lm_graph import lm_json, write_lm
from bundle.lm_part import DATA, HEADING
from bundle.manifest import read_about, write_manifest
from bundle.units import read_units
from model.unit_lm import stream
from recipes.lm.train import load_average


def golden_units(path: Path, boundary: int, length: int) -> list[int]:
    """A stream longer than `length`, of the units of several recordings one after another."""
    units: list[int] = []
    for rows in read_units(path)[1].values():
        units += [u[0] for u in rows]
        if len(out := stream(boundary, units)) > length:
            return out
    raise SystemExit(f'{path}: expected more than {length} units for the golden vector, got {len(units)}')


def read_scores(path: Path) -> dict:
    """What recipes/lm/score.py --json wrote, its sets of streams named by their folders."""
    scores = json.loads(path.read_text())
    return scores | {'perplexity': {Path(p).parent.name or p: v for p, v in scores['perplexity'].items()}}


def curve(hours: dict[str, dict]) -> str:
    """Perplexities and the word test by hours of speech, as a table."""
    sets = list(next(iter(hours.values()))['perplexity'])
    columns = ['hours', *(f'{name}, {model}' for name in sets for model in ('this model', 'Kneser-Ney 5')), 'word, this model', 'Kneser-Ney 5']
    rows = []
    for h, scores in hours.items():
        perplexities = [f'{scores["perplexity"][name][model]:.1f}' for name in sets for model in ('lm', 'kn5')]
        rows.append([h, *perplexities, *(f'{scores["word"][model]["percent"]:.1f}' for model in ('lm', 'kn5'))])
    return table(columns, rows)


def card(scores: dict, config: dict, about: str) -> str:
    """The language model's part of the model card."""
    size = f'{config["layers"]} layers of width {config["width"]}, one key/value head, {config["windowUnits"]} units of context, tied embeddings'
    perplexities = [[name, *(f'{v[n]:.2f}' for n in ('lm', 'kn5', 'kn3', 'unigram'))] for name, v in scores['perplexity'].items()]
    cell = '{percent:.1f} ({low:.1f} to {high:.1f})'.format_map
    names = ('lm', 'kn5', 'kn3', 'phones', 'unigram', 'fewer units')
    shots = [[test, str(v['pairs']), *(cell(v[n]) if n in v else '' for n in names)] for test, v in scores.get('zero-shot', {}).items()]
    columns = ['test', 'pairs', 'this model', 'Kneser-Ney 5', 'Kneser-Ney 3', 'true phones', 'unigram', 'fewer units']
    items = f'Zero-shot, per cent right with 95 % intervals:\n\n{table(columns, shots)}' if shots else ''
    over_hours = f'\nOver hours of speech, learned from alone:\n\n{curve(scores["hours"])}' if 'hours' in scores else ''
    return f"""{HEADING}

{size}; for the rate {config['rate']}. {about}

Perplexity of all ids, pauses and ends among them:

{table(['set', 'this model', 'Kneser-Ney 5', 'Kneser-Ney 3', 'unigram'], perplexities)}
{items}{over_hours}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--run', type=Path, required=True)
    parser.add_argument('--bundle', type=Path, required=True)
    parser.add_argument('--golden', type=Path, required=True, help='units of a recording or more')
    parser.add_argument('--scores', type=Path, help='what recipes/lm/score.py --json wrote')
    parser.add_argument('--hours', nargs='*', default=[], help='HOURS=SCORES each: runs on so many hours of speech alone')
    parser.add_argument('--data', type=json.loads, default=[], help='JSON: rows {name, hours, licence} of what it was trained on')
    parser.add_argument('--about', default='', help='a sentence for the card: how it was trained')
    args = parser.parse_args()
    model, codebook = load_average(args.run), args.bundle / 'codebook.safetensors'
    header, _ = read_units(args.golden)
    if header['codebook'] != hashlib.sha256(codebook.read_bytes()).hexdigest() or header['merged'] + 2 != model.cfg.vocabulary:
        raise SystemExit(f'{args.golden}: expected units of the codebook of {args.bundle}')
    config = lm_json(model.cfg, codebook, header['rate'])
    write_lm(args.bundle / 'lm', model, config, golden_units(args.golden, model.cfg.boundary, model.cfg.window_units + 40))
    about = read_about(args.bundle)
    about['trainingData'] = [d for d in about['trainingData'] if not d['name'].startswith(DATA)]
    about['trainingData'] += [d | {'name': DATA + d['name']} for d in args.data]
    if args.scores:
        scores = read_scores(args.scores)
        if args.hours:
            runs = {h: read_scores(Path(path)) for h, path in (pair.split('=') for pair in args.hours)}
            scores['hours'] = {h: {'perplexity': s['perplexity'], 'word': s['zero-shot']['word']} for h, s in runs.items()}
        about['metrics'] |= {'lm': scores}
        readme = args.bundle / 'README.md'
        readme.write_text(with_section(readme.read_text(), card(scores, config, args.about), HEADING))
    write_manifest(args.bundle, about)


if __name__ == '__main__':
    main()
