"""`timed`: the whole network taught by speech whose times are known. One run makes teacher and streaming initialisation at once,
because the chunk of attention is drawn anew for every batch, whole context among them.

    python -m recipes.labelled.timed --config small --run runs/small
    python -m recipes.labelled.timed --config small --run runs/next --init ../models/small
    python -m recipes.labelled.timed --config small --run runs/small --resume --steps 9000 --decay 1500     go on, then decay the learning rate out

Losses: boundary (model/crf.py; weak labels count 0.3), phones (cross-entropy), speech against pause.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from bundle.read import read_bundle
from config import load_config
from data.batches import Batches, load_shards, mel_statistics
from data.mel import TOKEN
from model.encoder import Encoder
from stage.checkpoint import load_checkpoint, save
from stage.cost import Cost, forward_flop
from stage.development import dev_scores, dev_sets
from stage.draws import draw, draw_chunk
from stage.encode import run_batch
from stage.label_losses import label_losses
from stage.loop import Loop, Optimizers
from stage.options import arguments


def start_from(model: Encoder, bundle: Path) -> tuple[float, float]:
    """Copies a bundle's network into `model` and returns its mel statistics; raises ValueError when the sizes differ."""
    network, config, _ = read_bundle(bundle)
    if network.cfg != model.cfg:
        raise ValueError(f'--init {bundle}: expected the encoder {model.cfg.to_dict()}, got {network.cfg.to_dict()}')
    state = {name: value for name, value in network.state_dict().items() if not name.startswith('phones.')}
    model.load_state_dict(state, strict=False)
    return config['mel']['mean'], config['mel']['std']


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser = arguments(parser)
    parser.add_argument('--adamw', action='store_true', help='AdamW for the matrices too')
    parser.add_argument('--init', type=Path, help='a bundle to start from in place of random weights (its phone head starts anew)')
    parser.add_argument('--bce', action='store_true', help='a cross-entropy a token for the boundaries')
    args = parser.parse_args()
    settings = load_config(args.config)
    torch.manual_seed(args.seed)
    args.run.mkdir(parents=True, exist_ok=True)
    utterances = load_shards(args.data, args.corpora)
    dev = dev_sets(args.data, 32)
    model = Encoder(settings.encoder).to(args.device)
    mel = mel_statistics(utterances)
    if args.init:
        mel = start_from(model, args.init)
    average = Encoder(settings.encoder).to(args.device)  # running mean of the weights: what is measured and exported
    average.load_state_dict(model.state_dict())
    optimizers = Optimizers(model, args.lr or settings.learning_rate, not args.adamw)
    step = 0
    if args.resume:
        state = load_checkpoint(args.run / 'timed.pt', settings.encoder)
        model.load_state_dict(state['model'])
        average.load_state_dict(state['average'])
        optimizers.load_state_dict(state['optimizers'])
        step, mel = state['step'], tuple(state['mel'])
    cost = Cost.of(state.get('cost') if args.resume else None)
    batches = Batches(utterances, *mel, seed=args.seed, weights=args.weights)
    steps = args.steps or settings.steps
    hours = sum(len(u.mel) for u in utterances) / 360_000
    millions = sum(p.numel() for p in model.parameters()) / 1e6
    print(f'{len(utterances)} utterances, {hours:.2f} h, mel {mel}, {millions:.2f} M parameters, from step {step}', flush=True)
    loop = Loop(step, steps, decay=args.decay, save_minutes=args.save_minutes, dev_every=args.dev_every, accumulate=args.accumulate)

    def checkpoint() -> None:
        save(args.run / 'timed.pt', {
            'encoder': settings.encoder.to_dict(), 'model': model.state_dict(), 'average': average.state_dict(),
            'optimizers': optimizers.state_dict(), 'step': loop.step, 'mel': list(mel), 'cost': cost.state(),
        })  # fmt: skip

    def losses_of(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        batch = draw(batches, settings, step, args.device)
        out, mask = run_batch(model, batch, *draw_chunk(settings, args.seed, step), not args.no_amp)
        losses = label_losses(out, batch, mask, not args.bce)
        cost.add(3 * forward_flop(settings.encoder, mask.numel(), mask.shape[1]), float(mask.sum()) * TOKEN)
        return 2.0 * losses['boundary'] + 0.5 * losses['phone'] + 0.5 * losses['speech'], losses

    watch = (lambda: dev_scores(average, dev, mel, not args.no_amp)) if dev else None
    loop.run(model, average, optimizers, losses_of=losses_of, checkpoint=checkpoint, watch=watch)
    print(cost, flush=True)


if __name__ == '__main__':
    main()
