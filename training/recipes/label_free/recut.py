"""`recut`: recordings cut anew by what a student of `sylboost` learned: the segments of the next round (SyllableLM's second iteration).

    python -m recipes.label_free.recut --config small --run runs/ssl/small/round1        -> RUN/recut.jsonl

The segmenter of the runtime on the student's live features, w = 1, one λ for all recordings: such that the first of them together get
`--per-second` segments a second of sounding speech.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from config import load_config
from data.batches import Utterance, some_hours, thinned
from data.places import RUNS
from data.untimed import audio_shards
from model.encoder import Encoder
from recipes.label_free.losspred import seconds, write_edges
from segment import segmenter
from segment.baselines import sounding
from segment.equal_counts import at_count, completed, feature_cutter
from stage.checkpoint import load_checkpoint
from stage.encode import encode_many


def sounding_seconds(utterances: list[Utterance]) -> tuple[float, int]:
    """Seconds of sounding speech in all of them, and the number of stretches."""
    parts = [sounding(torch.from_numpy(np.asarray(u.mel, np.float32))) for u in utterances]
    return sum(b - a for some in parts for a, b in some), sum(map(len, parts))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--config', default='small')
    parser.add_argument('--run', type=Path, required=True, help='folder with sylboost.pt')
    parser.add_argument('--audio', type=Path, default=RUNS / 'audio')
    parser.add_argument('--corpora', nargs='*')
    parser.add_argument('--per-second', type=float, default=5.0, help='segments a second of sounding speech')
    parser.add_argument('--hours', type=float, default=100, help='at most so much speech, a random choice')
    parser.add_argument('--sample', type=int, default=300, help='recordings that λ is found on')
    parser.add_argument('--no-amp', action='store_true')
    args = parser.parse_args()
    cfg = load_config(args.config).encoder
    state = load_checkpoint(args.run / 'sylboost.pt', cfg)
    model, mel, rules = Encoder(cfg), tuple(state['mel']), segmenter.Rules()
    model.load_state_dict(state['average'])
    utterances = some_hours(audio_shards(args.audio, args.corpora, 'train'), args.hours, 0)
    some = thinned(utterances, args.sample)
    outputs = completed(encode_many(model, some, mel, cfg.chunk_tokens, not args.no_amp), some, cfg)
    sound, parts = sounding_seconds(some)
    _, lam = at_count(feature_cutter(outputs), args.per_second * sound + parts, -5.0, 60.0)
    rate, rows = segmenter.Rate('', args.per_second, 1.0, lam), []
    for at in range(0, len(utterances), 96):
        batch = utterances[at : at + 96]
        for u, o in zip(batch, encode_many(model, batch, mel, cfg.chunk_tokens, not args.no_amp), strict=True):
            cuts = segmenter.search(segmenter.costs(o['features'], rules), np.zeros(len(o['features'])), rate, rules)
            rows.append({'corpus': u.corpus, 'id': u.uid, 'edges': seconds([int(c) for c in cuts])})
    write_edges(args.run / 'recut.jsonl', rows)
    print(f'{len(rows)} recordings, λ {lam:.3f}, {np.mean([len(r["edges"]) for r in rows]):.1f} boundaries each', flush=True)


if __name__ == '__main__':
    main()
