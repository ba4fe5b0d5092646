"""`evaluate`: scores of a bundle, run live as it ships, against references and simple baselines.

    python -m measure.evaluate ../models/small                         every test set that is there
    python -m measure.evaluate ../models/small --precision fp32 --whole --rate 5.0 --json scores.json
    python -m measure.evaluate ../models/small --rate 4.3              a rate that the bundle does not name: λ is found on each set
    python -m measure.evaluate ../models/small --plots runs/plots

Sets: festival (exact times) and asterisk-en (aligned) of the evaluation pack; kathleen sentences and speechocean762 speakers that no
training saw (split "test" of the shards). All boundaries: every start and end of a syllable, or of a unit that is no pause; F1 at 50
and 20 ms, R-value at 50 ms; units per second of non-pause, bits per second; decision delay after the place of the boundary, share of
forced decisions.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file

from bundle.config_json import natural, rates_of, rules_of
from bundle.outputs import outputs_of
from data.batches import load_shards, thinned
from data.mel import TOKEN, log_mel, normalise, read_audio
from data.places import RUNS, SHARED
from data.shards import boundaries
from measure.plots import Picture, plot
from segment import segmenter
from segment.baselines import OF_MEL, OF_SOUND, Recording
from segment.matching import boundary_scores

PICTURES = 3  # of each set


def pack_set(pack: Path, name: str) -> list[Recording]:
    """One set of the evaluation pack."""
    out = []
    for j in json.loads((pack / f'{name}.json').read_text()):
        edges = np.array(boundaries([[s['start'], s['end']] for s in j['syllables']]))
        out.append(Recording(log_mel(read_audio(pack / j['file'])), edges, j['voice'], str(pack / j['file'])))
    return out


def shard_set(data: Path, name: str, split: str) -> list[Recording]:
    """The utterances of one split of a shard."""
    return [Recording(torch.from_numpy(np.asarray(u.mel, np.float32)), u.edges, u.speaker, u.path) for u in load_shards(data, [name], split)]


def row(refs: list[np.ndarray], found: list[np.ndarray]) -> dict[str, float]:
    """The scores of one line of the table."""
    a, b = boundary_scores(refs, found, 0.05), boundary_scores(refs, found, 0.02)
    return {'P': a['precision'], 'R': a['recall'], 'F1_50ms': a['f1'], 'F1_20ms': b['f1'], 'R_value': a['r_value']}


def evaluate(items: list[Recording], config: dict, run: Callable, rate: segmenter.Rate, live: bool, max_delay_ms: float) -> dict[str, float]:
    """Runs a set and scores it."""
    rules, e = rules_of(config), config['encoder']
    found, delays, forced, total, units, speech_tokens = [], [], 0, 0, 0, 0
    for item in items:
        out = run(normalise(item.mel, config['mel']['mean'], config['mel']['std']))
        cost = segmenter.costs(out['features'], rules)
        if live:
            chunks = {'chunk': e['chunkTokens'], 'delay': e['delayTokens']}
            cuts, decided, n = segmenter.live(cost, out['boundary'], rate, rules, **chunks, max_delay_ms=max_delay_ms)
            inner = [segmenter.sample_of(c, rules) for c in cuts[1:-1]]
            delays.extend((decided[1:-1] - np.array(inner)) / 16)
            forced, total = forced + n, total + len(cuts) - 1
        else:
            cuts = segmenter.search(cost, out['boundary'], rate, rules)
        found.append(segmenter.syllable_edges(out['speech'], cuts, rules))
        speech = ~segmenter.pauses(out['speech'], cuts)
        units, speech_tokens = units + int(speech.sum()), speech_tokens + int(np.diff(cuts)[speech].sum())
    hz = units / max(1e-9, speech_tokens * TOKEN)
    scores = row([i.edges for i in items], found) | {'hz': hz, 'bits': hz * float(np.log2(config['units']['merged']))}
    if live:
        scores |= {'delay_p50': float(np.median(delays)), 'delay_p95': float(np.percentile(delays, 95)), 'forced': forced / max(1, total)}
    return scores


def replay(outputs: list[dict[str, np.ndarray]]) -> Callable:
    """A bundle that says the same again, recording by recording."""
    rows = iter(outputs)
    return lambda _: next(rows)


def rate_at(hz: float, items: list[Recording], config: dict, run: Callable, max_delay_ms: float) -> segmenter.Rate:
    """The setting, with the natural rate's w, at which a set gets `hz` units per second of non-pause live; by bisection."""
    mel, w = config['mel'], natural(config).w
    outputs, low, high = [run(normalise(i.mel, mel['mean'], mel['std'])) for i in items], -60.0, 60.0
    for _ in range(16):
        rate = segmenter.Rate(f'{hz:g}', hz, w, (low + high) / 2)
        got = evaluate(items, config, replay(outputs), rate, True, max_delay_ms)['hz']
        low, high = (rate.lam, high) if got > hz else (low, rate.lam)
    return rate


def baseline_rows(items: list[Recording]) -> dict[str, dict[str, float]]:
    """A row of each baseline; those that want the sound, or a package that is not installed, are left out aloud."""
    refs = [i.edges for i in items]
    rows = {name: row(refs, [find(i.mel) for i in items]) for name, find in OF_MEL.items()}
    sounds = [read_audio(i.path) for i in items if i.path and Path(i.path).exists()]
    if len(sounds) < len(items):
        print(f'no {", ".join(OF_SOUND)}: the audio of {len(items) - len(sounds)} of {len(items)} utterances is not there', file=sys.stderr)
        return rows
    for name, find in OF_SOUND.items():
        try:
            rows[name] = row(refs, [find(x) for x in sounds])
        except ImportError as error:
            print(f'no {name}: {error}; see requirements.txt', file=sys.stderr)
    return rows


def one_stream(items: list[Recording], gap_frames: int = 30) -> Recording:
    """Utterances one after another as one stream, the last frame of each held for 0.3 s between them."""
    mels, refs, at = [], [], 0
    for item in items:
        part = torch.cat([item.mel, item.mel[-1:].expand(gap_frames + len(item.mel) % 2, -1)])
        mels.append(part)
        refs.append(item.edges + 0.01 * at)
        at += len(part)
    return Recording(torch.cat(mels), np.concatenate(refs))


def stream_positions(items: list[Recording], config: dict, run: Callable, rate: segmenter.Rate, max_delay_ms: float) -> dict[str, dict[str, float]]:
    """Scores in the first 5 s (of many short streams), at 30 to 60 s and past 300 s of one long stream."""
    rules, e = rules_of(config), config['encoder']

    def cut(item: Recording) -> np.ndarray:
        out = run(normalise(item.mel, config['mel']['mean'], config['mel']['std']))
        chunks = {'chunk': e['chunkTokens'], 'delay': e['delayTokens']}
        cuts, _, _ = segmenter.live(segmenter.costs(out['features'], rules), out['boundary'], rate, rules, **chunks, max_delay_ms=max_delay_ms)
        return segmenter.syllable_edges(out['speech'], cuts, rules)

    short = [one_stream(items[k : k + 3]) for k in range(0, len(items) - 2, 3)]
    long = one_stream(items)
    pairs = {'first 5 s': ([(s.edges, cut(s)) for s in short], 0, 5), '30 to 60 s': ([(long.edges, cut(long))], 30, 60)}
    pairs['past 300 s'] = (pairs['30 to 60 s'][0], 300, np.inf)
    table = {}
    for name, (both, low, high) in pairs.items():
        refs, found = ([x[(x >= low) & (x < high)] for x in column] for column in zip(*both, strict=True))
        table[name] = row(list(refs), list(found))
    return table


def draw(folder: Path, name: str, items: list[Recording], bundle: Path, run: Callable, rate: segmenter.Rate) -> None:
    """Pictures of a few utterances of a set with their live units: FOLDER/NAME-0.png and on."""
    config, book = json.loads((bundle / 'config.json').read_text()), load_file(bundle / 'codebook.safetensors')
    rules, trim, e = rules_of(config), config['units']['trimTokens'], config['encoder']
    chunks = {'chunk': e['chunkTokens'], 'delay': e['delayTokens']}
    for k, item in enumerate(thinned(items, PICTURES)):
        out = run(normalise(item.mel, config['mel']['mean'], config['mel']['std']))
        cuts, _, _ = segmenter.live(segmenter.costs(out['features'], rules), out['boundary'], rate, rules, **chunks)
        units = segmenter.units(out, rate, rules, book, trim, cuts)
        spoken = [(u['start'] / 16_000, u['end'] / 16_000, str(u['id'])) for u in units if not u['pause']]
        edges = np.unique([t for a, b, _ in spoken for t in (a, b)])
        title = f'{name}: {Path(item.path).stem} ({item.speaker}), rate {rate.name}'
        plot(folder / f'{name}-{k}.png', title, item, Picture(out['boundary'], edges, spoken))


def print_table(rows: dict[str, dict[str, dict[str, float]]]) -> None:
    columns = ['P', 'R', 'F1_50ms', 'F1_20ms', 'R_value', 'hz', 'bits', 'delay_p50', 'delay_p95', 'forced']
    print(f'| set | what | {" | ".join(columns)} |\n|{" --- |" * (len(columns) + 2)}')
    for name, parts in rows.items():
        for what, scores in parts.items():
            cells = [f'{scores[c]:.0f}' if c.startswith('delay') and c in scores else f'{scores[c]:.3f}' if c in scores else '' for c in columns]
            print(f'| {name} | {what} | {" | ".join(cells)} |', flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundle', type=Path)
    parser.add_argument('--pack', type=Path, default=SHARED / 'eval-pack')
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--split', default='test', help='of the shards')
    parser.add_argument('--precision', choices=('int8', 'fp32'), default='int8')
    parser.add_argument('--whole', action='store_true', help='also whole context with a full search; a causal network has none')
    parser.add_argument('--bare', action='store_true', help='no baselines')
    parser.add_argument('--rate', default='natural', help='a rate of the bundle, or any number of units a second')
    parser.add_argument('--max-delay-ms', type=float, default=800)
    parser.add_argument('--limit', type=int, default=120, help='at most so many utterances a set')
    parser.add_argument('--positions', metavar='SET', help='score this set by its place in one long stream instead')
    parser.add_argument('--plots', metavar='DIR', type=Path, help='draw a few utterances of each set instead')
    parser.add_argument('--json', type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    config = json.loads((args.bundle / 'config.json').read_text())
    rates = {r.name: r for r in rates_of(config)}
    asked = float(args.rate) if re.fullmatch(r'\d+(\.\d+)?', args.rate) and args.rate not in rates else None
    if asked is None and args.rate not in rates or asked is not None and not 1 <= asked <= 15:
        raise SystemExit(f'--rate: expected one of {", ".join(rates)}, or a number from 1 to 15, got {args.rate}')
    if asked is not None and (args.positions or args.plots):
        raise SystemExit(f'--rate: expected one of {", ".join(rates)} with --positions and --plots, got {args.rate}')
    sets: dict[str, Callable[[], list[Recording]]] = {}
    for name in ('festival', 'asterisk-en'):
        if (args.pack / f'{name}.json').exists():
            sets[name] = lambda name=name: pack_set(args.pack, name)
    for name in ('kathleen', 'speechocean762'):
        if (args.data / name / 'utterances.jsonl').exists():
            sets[name] = lambda name=name: shard_set(args.data, name, args.split)
    if not sets:
        raise SystemExit(f'expected an evaluation pack at {args.pack} or shards at {args.data}, found neither')
    live, table = outputs_of(args.bundle, args.precision, False), {}
    if args.positions:
        print_table({args.positions: stream_positions(sets[args.positions](), config, live, rates[args.rate], args.max_delay_ms)})
        return
    if args.plots:
        for name, load in sets.items():
            draw(args.plots, name, load(), args.bundle, live, rates[args.rate])
        return
    whole = outputs_of(args.bundle, 'fp32', True) if args.whole and not config['encoder'].get('causal') else None
    for name, load in sets.items():
        items = thinned(load(), args.limit)
        rate = rates[args.rate] if asked is None else rate_at(asked, items, config, live, args.max_delay_ms)
        parts = {f'live {args.precision}': evaluate(items, config, live, rate, True, args.max_delay_ms)}
        if whole:
            parts['whole fp32'] = evaluate(items, config, whole, rate, False, 0)
        table[name] = parts if args.bare else parts | baseline_rows(items)
    print_table(table)
    if args.json:
        args.json.write_text(json.dumps(table, indent=1) + '\n')


if __name__ == '__main__':
    main()
