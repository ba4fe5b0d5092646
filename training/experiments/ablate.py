"""`ablate`: what each part of the recipe is worth, one factor at a time, on a small network and equal budgets.

    python -m experiments.ablate --run runs/ablate --steps 400
    python -m experiments.ablate --run runs/ablate --steps 400 --arms base delay-0 no-speechocean762
    python -m experiments.ablate --targets runs/small                 teachers and targets on a finished timed.pt, without training

Every arm is `timed` from random weights with the same seed, steps, crops and schedule; one thing differs from `base`. Measured on
development speakers: F1 by boundary logits alone, live and whole. Arms that are in RUN/arms.jsonl with the same steps are not run again.
--targets fits a feature head by least squares (recipes/labelled/sylboost.py's first step) to each kind of target, and says how often the nearest
neighbour of a true syllable, by its live feature vector and among other speakers, is the same syllable.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from config import Settings, load_config
from data.batches import Batches, Utterance, load_shards, mel_statistics
from data.mel import TOKEN
from data.places import RUNS
from model.encoder import Encoder, EncoderConfig
from recipes.labelled.sylboost import Teacher, fit_head
from segment.segmenter import segment_vectors
from stage.checkpoint import load_checkpoint
from stage.development import dev_sets, logit_scores
from stage.draws import draw, draw_chunk
from stage.encode import encode_many, run_batch
from stage.label_losses import label_losses
from stage.loop import Loop, Optimizers

SIZES = EncoderConfig(layers=4, width=128, heads=4, head_width=32, ffn_width=512, feature_width=128)
ARMS = {  # name -> what differs from base
    'base': {},
    'delay-0': {'delay': 0},
    'delay-8': {'delay': 8},
    'cross-entropy': {'crf': False},
    'AdamW': {'muon': False},
    'runtime-chunk-only': {'chunks': ((8, 1.0),)},
    'no-augmentation': {'plain': 1.0},
}
TARGETS = ('mean', 'thirds', 'phones')
FIT_BATCHES = 24


def settings_of(arm: dict) -> Settings:
    settings = load_config('small')
    encoder = replace(SIZES, delay_tokens=arm.get('delay', SIZES.delay_tokens))
    return replace(settings, encoder=encoder, chunks=arm.get('chunks', settings.chunks))


def train(arm: dict, utterances: list[Utterance], steps: int) -> tuple[Encoder, Batches, tuple[float, float]]:
    """One arm of `timed`: the running mean of its weights, its batches, its mel statistics."""
    settings, mel = settings_of(arm), mel_statistics(utterances)
    torch.manual_seed(0)
    model, average = Encoder(settings.encoder), Encoder(settings.encoder)
    average.load_state_dict(model.state_dict())
    batches = Batches(utterances, *mel, plain=arm.get('plain', Batches.plain))

    def losses_of(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        batch = draw(batches, settings, step, 'cpu')
        out, mask = run_batch(model, batch, *draw_chunk(settings, 0, step), True)
        losses = label_losses(out, batch, mask, arm.get('crf', True))
        return 2.0 * losses['boundary'] + 0.5 * losses['phone'] + 0.5 * losses['speech'], losses

    loop = Loop(0, steps, decay=steps // 3, warmup=50)
    loop.run(model, average, Optimizers(model, settings.learning_rate, arm.get('muon', True)), losses_of=losses_of, checkpoint=lambda: None)
    return average.eval(), batches, mel


def same_neighbour(model: Encoder, dev: dict[str, list[Utterance]], mel: tuple[float, float]) -> float:
    """Share of true syllables whose nearest neighbour by features, of another speaker, is the same syllable; those said by two speakers or more."""
    vectors, labels, speakers = [], [], []
    for us in dev.values():
        for u, o in zip(us, encode_many(model, us, mel, model.cfg.chunk_tokens, True), strict=True):
            for (a, b), label in zip(np.round(u.syllables / TOKEN).astype(int), u.labels, strict=True):
                if 0 <= a < b <= len(o['features']):
                    vectors.append(segment_vectors(o['features'], np.array([a, b]), 1)[0])
                    labels.append(label)
                    speakers.append(u.speaker)
    x, of, who = np.array(vectors), np.unique(labels, return_inverse=True)[1], np.unique(speakers, return_inverse=True)[1]
    shared = np.array([len(set(who[of == k])) > 1 for k in range(of.max() + 1)])[of]
    near = x @ x.T
    near[who[:, None] == who[None]] = -np.inf
    return float((of[near.argmax(1)] == of)[shared].mean())


def measure(name: str, arm: dict, utterances: list[Utterance], dev: dict[str, list[Utterance]], steps: int) -> dict:
    """Trains an arm and scores it."""
    started = time.process_time()
    model, batches, mel = train(arm, utterances, steps)
    entry: dict = {'arm': name, 'steps': steps, 'hours': round(sum(len(u.mel) for u in utterances) / 360_000, 2)}
    entry['core_minutes'] = round((time.process_time() - started) / 60, 2)
    for what, chunk in (('live', model.cfg.chunk_tokens), ('whole', None)):
        logits = {s: [o['boundary'] for o in encode_many(model, us, mel, chunk, True)] for s, us in dev.items()}
        _, scores = logit_scores(logits, dev)
        entry[what] = {s: [round(f, 4) for f in f1] for s, f1 in scores.items()}
        entry[f'{what}_mean'] = np.round(np.mean(list(scores.values()), 0), 4).tolist()
    return entry


def targets_of(run: Path, utterances: list[Utterance], dev: dict[str, list[Utterance]]) -> dict[str, float]:
    """same_neighbour of a fitted head for each target and teacher, and of what needs no fit."""
    settings = load_config('small')
    state = load_checkpoint(run / 'timed.pt', settings.encoder)
    network, student, mel = Encoder(settings.encoder), Encoder(settings.encoder), tuple(state['mel'])
    network.load_state_dict(state['average'])
    batches = Batches(utterances, *mel)
    some = [draw(batches, settings, 10_000_000 + k, 'cpu') for k in range(FIT_BATCHES)]
    shares: dict[str, float] = {}
    for kind, chunk in (*((kind, None) for kind in TARGETS), ('phones', settings.encoder.chunk_tokens)):
        student.load_state_dict(state['average'])
        teacher = Teacher(network, kind, True, chunk)
        teacher.fit(some, settings.encoder.feature_width)
        fit_head(student, teacher, some, True)
        name = kind if chunk is None else f'{kind}, the teacher hears {chunk * 20} ms at a time'
        shares[name] = same_neighbour(student.eval(), dev, mel)
        print(f'{name}: {shares[name]:.4f}', flush=True)
    student.load_state_dict(state['average'])
    student.features.weight.data.copy_(torch.eye(settings.encoder.width))  # the hidden tokens themselves
    student.features.bias.data.zero_()
    shares['no target: hidden tokens'] = same_neighbour(student.eval(), dev, mel)
    print(f'no target: hidden tokens: {shares["no target: hidden tokens"]:.4f}', flush=True)
    if (run / 'sylboost.pt').exists():
        trained = load_checkpoint(run / 'sylboost.pt', settings.encoder)
        student.load_state_dict(trained['average'])
        name = f'the student after {trained["step"]} steps'
        shares[name] = same_neighbour(student.eval(), dev, mel)
        print(f'{name}: {shares[name]:.4f}', flush=True)
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--run', type=Path, default=RUNS / 'ablate')
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--corpora', nargs='*', help='shards of `base` (default: all that are there)')
    parser.add_argument('--steps', type=int, default=400)
    parser.add_argument('--arms', nargs='*', help=f'of {", ".join(ARMS)}, no-CORPUS and only-CORPUS (default: all with no-CORPUS)')
    parser.add_argument('--targets', metavar='RUN', type=Path, help='teachers and targets on RUN/timed.pt instead')
    args = parser.parse_args()
    if args.targets:
        targets_of(args.targets, load_shards(args.data, args.corpora), dev_sets(args.data, 24))
        return
    args.run.mkdir(parents=True, exist_ok=True)
    path, utterances, dev = args.run / 'arms.jsonl', load_shards(args.data, args.corpora), dev_sets(args.data, 24)
    corpora = sorted({u.corpus for u in utterances})
    known = ARMS | {f'no-{c}': {} for c in corpora} | {f'only-{c}': {} for c in corpora}
    names = args.arms or [*ARMS, *(f'no-{c}' for c in corpora)]
    if unknown := set(names) - known.keys():
        raise SystemExit(f'--arms: expected some of {", ".join(known)}, got {", ".join(sorted(unknown))}')
    done = {(e['arm'], e['steps']) for e in map(json.loads, path.open())} if path.exists() else set()
    for name in names:
        if (name, args.steps) in done:
            continue
        how, _, corpus = name.partition('-')
        kept = [u for u in utterances if known[name] or name in ARMS or (u.corpus != corpus if how == 'no' else u.corpus == corpus)]
        entry = measure(name, known[name], kept, dev, args.steps)
        print(json.dumps(entry), flush=True)
        with path.open('a') as file:
            file.write(json.dumps(entry) + '\n')


if __name__ == '__main__':
    main()
