"""`steady`: the network taught to say the same of the same speech, whatever the grid, the level, the channel, the voice.

    python -m recipes.paired.steady --init ../models/small --run runs/steady --steps 6000
    python -m recipes.paired.steady --run runs/steady --resume --steps 9000 --decay 800        go on, then decay the learning rate out

The student is causal (model/encoder.py) and hears changed speech on a grid of its own (data/pairs.py); its teachers (lesson.py) hear the clean
recording. Losses: those of `timed`, whose boundaries are to some share the teacher's; squared error of each token's features to the teacher's mean
over its segment; the syllable of each segment by prototypes, from cuts that are a token off now and then; and, once the student teaches itself,
the cross-entropy to what its mean calls the segment.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bundle.config_json import natural, rules_of
from bundle.read import read_bundle
from config import load_config
from data.batches import load_shards
from data.pairs import Pairs, common_syllables
from data.places import PROJECT
from model.encoder import Encoder
from model.prototypes import Prototypes
from recipes.paired.lesson import lesson
from recipes.paired.watch import Watched
from stage.checkpoint import load_checkpoint, save
from stage.development import dev_scores, dev_sets
from stage.draws import draw
from stage.encode import run_batch
from stage.label_losses import label_losses
from stage.loop import Loop, Optimizers
from stage.options import arguments
from stage.pooled import jittered_vectors

BELIEF = 0.4  # share of the boundary target that is the teacher's
WEIGHTS = {'boundary': 4.0, 'phone': 0.4, 'speech': 0.5, 'features': 0.3, 'names': 0.3}
OWN = WEIGHTS | {'features': 0.1, 'same': 1.0}  # of a student that teaches itself; `same`: the names are its teacher's


class Student(nn.Module):
    """The network and the prototypes that its segments are named by while it learns."""

    def __init__(self, encoder: Encoder, classes: int):
        super().__init__()
        self.encoder = encoder
        self.names = Prototypes(encoder.cfg.feature_width, classes)


def widened(student: Encoder, old: Encoder) -> None:
    """The old network as a start: its embedding hears, of the longer stem, what it heard, so much earlier as the delay is longer."""
    state = {n: v for n, v in old.state_dict().items() if not n.startswith('phones.')}
    pair, later = old.cfg.stem_frames, student.cfg.delay_tokens - old.cfg.delay_tokens
    at = student.cfg.stem_frames - pair - later * student.cfg.frames_per_token
    if at < 0:
        raise ValueError(f'expected stem_frames of {pair + later * 2} or more for {later} tokens more of delay, got {student.cfg.stem_frames}')
    embed = torch.zeros(student.cfg.width, student.cfg.stem_frames, student.cfg.mel_bins)
    embed[:, at : at + pair] = state['embed.weight'].view(-1, pair, student.cfg.mel_bins)
    state['embed.weight'] = embed.flatten(1)
    student.load_state_dict(state, strict=False)


def main() -> None:
    parser = arguments(argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter))
    parser.add_argument('--init', type=Path, default=PROJECT / 'models/small', help='the bundle to start from, the first teacher')
    parser.add_argument('--own', type=int, default=2900, help='the step from which the running mean of the student is the teacher')
    parser.set_defaults(config='steady')
    args = parser.parse_args()
    settings, amp = load_config(args.config), not args.no_amp
    torch.manual_seed(args.seed)
    args.run.mkdir(parents=True, exist_ok=True)
    teacher, config, _ = read_bundle(args.init)
    mel = (config['mel']['mean'], config['mel']['std'])
    utterances = load_shards(args.data, args.corpora)
    state = load_checkpoint(args.run / 'steady.pt', settings.encoder) if args.resume else {}
    classes = state.get('classes') or common_syllables(utterances, settings.centroids)
    pairs = Pairs(utterances, classes, *mel, seed=args.seed, weights=args.weights)
    model, average = (Student(Encoder(replace(settings.encoder, phases=phases)), len(classes)) for phases in (1, 2))
    if args.resume:
        model.load_state_dict(state['student'])
        average.load_state_dict(state['student_average'])
    else:
        widened(model.encoder, teacher)
        average.load_state_dict(model.state_dict())
    optimizers = Optimizers(model, args.lr or 0.5 * settings.learning_rate, muon=True)
    if args.resume:
        optimizers.load_state_dict(state['optimizers'])
    steps = args.steps or settings.steps
    loop = Loop(state.get('step', 0), steps, warmup=50, decay=args.decay, memory=0.995, save_minutes=args.save_minutes, dev_every=args.dev_every)
    hours = sum(len(u.mel) for u in utterances) / 360_000
    print(f'{len(utterances)} utterances, {hours:.2f} h, {len(classes)} syllables', flush=True)
    dev = dev_sets(args.data, 24, args.corpora)
    watched = Watched.of(dev)

    def checkpoint() -> None:
        save(args.run / 'steady.pt', {
            'encoder': settings.encoder.to_dict(), 'model': model.encoder.state_dict(), 'average': average.encoder.state_dict(),
            'student': model.state_dict(), 'student_average': average.state_dict(), 'classes': classes,
            'optimizers': optimizers.state_dict(), 'step': loop.step, 'mel': list(mel),
        })  # fmt: skip

    def losses_of(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        batch = draw(pairs, settings, step, 'cpu')
        own = step >= args.own
        taught = lesson(teacher, batch, amp, average.encoder, average.names) if own else lesson(teacher, batch, amp)
        out, mask = run_batch(model.encoder, batch, settings.encoder.chunk_tokens, 0, amp)
        losses = label_losses(out, batch, mask, soft=taught.boundary, share=BELIEF)
        ids, classes_of = batch['segment'], batch['classes']
        wanted = taught.features.gather(1, ids.clamp(min=0)[..., None].expand(-1, -1, taught.features.shape[2]))
        losses['features'] = (out['features'] - wanted).square().mean(-1)[ids >= 0].mean()
        asked = torch.ones_like(classes_of, dtype=torch.bool) if own else classes_of >= 0
        vectors, at = jittered_vectors(out['features'], ids, asked, np.random.default_rng((args.seed, step, 3)))
        logits = model.names(vectors)
        said = classes_of[at]
        losses['names'] = F.cross_entropy(logits, said, ignore_index=-1, reduction='sum') / (said >= 0).sum().clamp(min=1)
        if own:
            losses['same'] = F.cross_entropy(logits, taught.names[at])
        weights = OWN if own else WEIGHTS
        return sum(weights[name] * loss for name, loss in losses.items()), losses

    def watch() -> str:
        scores = dev_scores(average.encoder, dev, mel, amp, live_only=True)
        return scores + ' | ' + watched.scores(average.encoder, average.names.eval(), natural(config), rules_of(config), mel)

    loop.run(model, average, optimizers, losses_of=losses_of, checkpoint=checkpoint, watch=watch)


if __name__ == '__main__':
    main()
