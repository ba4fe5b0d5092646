"""`quantize`: the dial and the units. Calibrates w, λ and the shift on the development split with the shipped int8 step model run live,
then teaches the codebook on segments of training speech (bundle/codebook.py).

    python -m recipes.labelled.quantize --config small --run runs/small

Reads RUN/sylboost.pt, or, with --stage steady, RUN/steady.pt, whose own prototypes then name the segments, merged by what changed speech makes
of them. --phases 2 runs a network over two grids of tokens (model/encoder.py), whatever it learned on. Writes RUN/quantized/: config.json,
codebook.safetensors, metrics.json; bundle/export.py makes the bundle of them.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from bundle.codebook import clustered, spoken_segments, steady_codebook, taught_codebook
from bundle.config_json import encoder_json, rate_json
from bundle.confusions import confusions
from bundle.outputs import int8_outputs
from config import load_config
from data.batches import Utterance, load_shards, some_hours
from data.pairs import Pairs
from data.places import RUNS
from measure.dial import Cut, Voices, fit, lambda_for, mix_hz
from model.encoder import Encoder
from model.prototypes import Prototypes
from segment import segmenter
from segment.matching import boundary_scores
from stage.checkpoint import load_checkpoint
from stage.development import dev_sets

WEIGHTS = (0.25, 0.5, 0.75, 1.0, 1.5)  # w tried for the features' cost
LAMBDAS = (-2.0, -1.5, -1.25, -1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5)
SHIFTS = range(-120, 121, 20)  # samples; the format's bound: a boundary stays between its neighbours' centres


def calibrate(sets: dict[str, tuple[Cut, list[Utterance]]], lambdas: Callable[[float], Iterable[float]]) -> tuple[segmenter.Rate, int, dict]:
    """The natural rate's w and λ and the one shift: the best mean over the sets of F1 at 50 ms plus F1 at 20 ms. lambdas: those to try with a w.

    References of aligners lie on a grid of 10 ms and tokens on theirs, so both F1 jump with the shift: all shifts are tried, before w and λ for
    the first of each w, and once more after them.
    """

    def best_of(rate: segmenter.Rate, shifts: Iterable[int]) -> tuple[float, int, dict[str, list[float]]]:
        cuts, found = {name: cut.live(rate) for name, (cut, _) in sets.items()}, []
        for shift in shifts:
            scores = {}
            for name, (cut, us) in sets.items():
                edges = cut.placed(cuts[name], shift)
                scores[name] = [round(boundary_scores([u.edges for u in us], edges, t)['f1'], 4) for t in (0.05, 0.02)]
            found.append((float(np.mean(list(scores.values()))), shift, scores))
        return max(found, key=lambda tried: tried[0])

    best, rate = -1.0, segmenter.Rate('natural', 0, 1, 0)
    for w in WEIGHTS:
        shift = None
        for lam in lambdas(w):
            tried = segmenter.Rate('natural', 0, w, lam)
            mean, shift, _ = best_of(tried, SHIFTS if shift is None else [shift])
            if mean > best:
                best, rate = mean, tried
        print(f'w up to {w}: best so far {best:.4f} at w {rate.w} λ {rate.lam}', flush=True)
    _, shift, scores = best_of(rate, SHIFTS)
    return rate, shift, scores


def prototypes_of(state: dict) -> Prototypes:
    """The projection head and prototypes that a network was taught with in pairs (recipes/paired/steady.py)."""
    names = {name.removeprefix('names.'): value for name, value in state['student_average'].items() if name.startswith('names.')}
    hidden, width = names['projection.0.weight'].shape
    model = Prototypes(width, *names['prototypes'].shape[:1], hidden, names['prototypes'].shape[1])
    model.load_state_dict(names)
    return model.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--config', default='small')
    parser.add_argument('--run', type=Path, default=RUNS / 'small')
    parser.add_argument('--stage', choices=('sylboost', 'steady'), default='sylboost', help='whose checkpoint in RUN')
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--corpora', nargs='*')
    parser.add_argument('--hours', type=float, default=100, help='training speech to take segments from')
    parser.add_argument('--natural', type=float, help='units a second of the natural rate (default: what scores best)')
    parser.add_argument('--phases', type=int, default=1, choices=(1, 2), help='grids of tokens that the network runs over')
    parser.add_argument('--pairs', type=int, default=300, help='batches of pairs by which names are merged, with --stage steady')
    parser.add_argument('--weights', type=json.loads, default={}, help='JSON: corpus -> how often pairs are drawn of it')
    parser.add_argument('--clustered', action='store_true', help='k-means and its merge, without the syllables')
    parser.add_argument('--dev', type=int, default=48, help='development utterances of each corpus')
    args = parser.parse_args()
    settings, started = load_config(args.config), time.time()
    state = load_checkpoint(args.run / f'{args.stage}.pt', settings.encoder)
    mel, cfg = tuple(state['mel']), replace(settings.encoder, phases=args.phases)
    model = Encoder(cfg)
    model.load_state_dict(state['average'])
    model.eval()
    rules = segmenter.Rules()
    dev = dev_sets(args.data, args.dev)
    corpora = {
        name: Voices(Cut(int8_outputs(model, us, mel), rules, cfg.chunk_tokens, cfg.delay_tokens), [u.speaker for u in us])
        for name, us in dev.items()
    }
    print(f'development outputs: {time.time() - started:.0f} s', flush=True)

    def lambdas(w: float) -> Iterable[float]:
        return [lambda_for(args.natural, segmenter.Rate('', 0, w, 0), lambda rate: mix_hz(corpora, rate)).lam] if args.natural else LAMBDAS

    rate, shift, scores = calibrate({name: (voices.cut, dev[name]) for name, voices in corpora.items()}, lambdas)
    hz = round(mix_hz(corpora, rate), 3)
    rates = [rate_json(r) for r in (replace(rate, hz=hz), *fit(corpora, rate.w))]
    print(f'natural {hz} Hz, w {rate.w}, λ {rate.lam}, shift {shift} samples; F1 at 50 and 20 ms: {scores}; {rates}', flush=True)
    utterances = some_hours(load_shards(args.data, args.corpora), args.hours, 0)
    wanted = (settings.centroids, settings.merged)
    if args.stage == 'steady' and not args.clustered:
        pairs = Pairs(utterances, state['classes'], *mel, weights=args.weights)
        names = prototypes_of(state)
        codebook = steady_codebook(names, confusions(model, names, pairs, settings, args.pairs), settings.merged)
    else:
        spoken = spoken_segments(model, utterances, mel, rate, rules)
        codebook = clustered(spoken.vectors, *wanted) if args.clustered else taught_codebook(spoken, *wanted)
    K, M = len(codebook['centroids']), int(codebook['units'].max())
    print(f'{K} centroids, {M} units, {time.time() - started:.0f} s', flush=True)
    out = args.run / 'quantized'
    out.mkdir(exist_ok=True)
    config = {
        'formatVersion': 1, 'mel': {'bins': cfg.mel_bins, 'mean': mel[0], 'std': mel[1]}, 'encoder': encoder_json(cfg),
        'boundaries': {'minTokens': rules.min_tokens, 'maxTokens': rules.max_tokens, 'logitClamp': 6, 'shiftSamples': shift, 'rates': rates},
        'units': {'centroids': K, 'merged': M, 'trimTokens': 1},
    }  # fmt: skip
    (out / 'config.json').write_text(json.dumps(config, indent=2) + '\n')
    save_file(codebook, out / 'codebook.safetensors')
    metrics = {'dev': {n: {'f1_50ms': a, 'f1_20ms': b} for n, (a, b) in scores.items()}, 'bitsPerSecond': round(hz * float(np.log2(M)), 1)}
    (out / 'metrics.json').write_text(json.dumps(metrics, indent=2) + '\n')


if __name__ == '__main__':
    main()
