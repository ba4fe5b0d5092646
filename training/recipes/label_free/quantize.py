"""`quantize`: the dial and the units of a student that was taught by no label; no label chooses anything here either.

    python -m recipes.label_free.quantize --config small --run runs/ssl/small/round2

w = 1 and no shift (the paper's rule); λ of every rate by bisection on training recordings, run live through the int8 step model, such that
units a second of sounding speech are as asked; then k-means and the merge as in recipes/labelled/quantize.py. Reads RUN/sylboost.pt, writes
RUN/quantized/ for bundle/export.py. Where shards with times are there, the development split is measured after everything is chosen.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from bundle.codebook import clustered
from bundle.config_json import encoder_json
from bundle.outputs import int8_outputs
from config import load_config
from data.places import RUNS
from data.untimed import audio_shards
from model.encoder import Encoder
from recipes.label_free.recut import sounding_seconds
from segment import segmenter
from segment.equal_counts import at_count, completed, feature_cutter
from segment.matching import boundary_scores
from segment.stand_ins import FEATURES_ONLY
from stage.checkpoint import load_checkpoint
from stage.development import dev_sets
from stage.encode import encode_many

NUMBERED = (5.0, 6.25, 8.33)  # units per second of non-pause (SyllableLM's three)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--config', default='small')
    parser.add_argument('--run', type=Path, required=True)
    parser.add_argument('--audio', type=Path, default=RUNS / 'audio')
    parser.add_argument('--data', type=Path, default=RUNS / 'data', help='shards with times, to measure on')
    parser.add_argument('--corpora', nargs='*')
    parser.add_argument('--natural', type=float, default=5.0, help='units a second that "natural" means')
    parser.add_argument('--sample', type=int, default=160, help='recordings that λ is found on')
    parser.add_argument('--hours', type=float, default=8, help='speech to take segments from')
    args = parser.parse_args()
    cfg = load_config(args.config).encoder
    state = load_checkpoint(args.run / 'sylboost.pt', cfg)
    mel, model, rules = tuple(state['mel']), Encoder(cfg), segmenter.Rules()
    model.load_state_dict(state['average'])
    model.eval()
    utterances = audio_shards(args.audio, args.corpora, 'train')
    np.random.default_rng(0).shuffle(utterances)
    some = utterances[: args.sample]
    cut, (sound, parts) = feature_cutter(completed(int8_outputs(model, some, mel), some, cfg)), sounding_seconds(some)
    named = [('natural', args.natural)] + [(str(hz), hz) for hz in NUMBERED]
    rates = [{'name': n, 'hz': hz, 'w': 1.0, 'lambda': round(at_count(cut, hz * sound + parts, -5.0, 60.0)[1], 4)} for n, hz in named]
    print(f'rates {rates}', flush=True)
    natural = segmenter.Rate('natural', args.natural, 1.0, rates[0]['lambda'])
    total, rows = np.cumsum([len(u.mel) for u in utterances]) / 360_000, []
    chosen = utterances[: int(np.searchsorted(total, args.hours)) + 1]
    for at in range(0, len(chosen), 96):
        batch = chosen[at : at + 96]
        for o in completed(encode_many(model, batch, mel, cfg.chunk_tokens, True), batch, cfg):
            cuts = segmenter.search(segmenter.costs(o['features'], rules), o['boundary'], natural, rules)
            rows.append(segmenter.segment_vectors(o['features'], cuts, 1)[~segmenter.pauses(o['speech'], cuts)].astype(np.float32))
    settings = load_config(args.config)
    codebook = clustered(np.concatenate(rows), settings.centroids, settings.merged)
    K, M = len(codebook['centroids']), int(codebook['units'].max())
    print(f'{sum(map(len, rows))} segments, {K} centroids, {M} units', flush=True)
    metrics = {'dev': {}, 'bitsPerSecond': round(args.natural * float(np.log2(M)), 1)}
    for name, us in (dev_sets(args.data, 48) if any(args.data.glob('*/utterances.jsonl')) else {}).items():
        found = feature_cutter(completed(int8_outputs(model, us, mel), us, cfg))(natural.lam)
        a, b = (boundary_scores([u.edges for u in us], found, t)['f1'] for t in (0.05, 0.02))
        metrics['dev'][name] = {'f1_50ms': round(a, 4), 'f1_20ms': round(b, 4)}
    out = args.run / 'quantized'
    out.mkdir(exist_ok=True)
    config = {
        'formatVersion': 1, 'mel': {'bins': cfg.mel_bins, 'mean': mel[0], 'std': mel[1]}, 'encoder': encoder_json(cfg, FEATURES_ONLY),
        'boundaries': {'minTokens': rules.min_tokens, 'maxTokens': rules.max_tokens, 'logitClamp': 6, 'shiftSamples': 0, 'rates': rates},
        'units': {'centroids': K, 'merged': M, 'trimTokens': 1},
    }  # fmt: skip
    (out / 'config.json').write_text(json.dumps(config, indent=2) + '\n')
    save_file(codebook, out / 'codebook.safetensors')
    (out / 'metrics.json').write_text(json.dumps(metrics, indent=2) + '\n')


if __name__ == '__main__':
    main()
