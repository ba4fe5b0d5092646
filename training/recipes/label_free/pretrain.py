"""`pretrain`: the masked autoencoder of model/mae.py on recordings of people, without a label and without a synthetic voice.

    python -m recipes.label_free.pretrain --config small --run runs/ssl/small
    python -m recipes.label_free.pretrain --config small --run runs/ssl/small --resume --steps 9000 --decay 1500   go on, then decay it out
    python -m recipes.label_free.pretrain --config base --run runs/ssl/base --tokens patch --mask chunked   the paper's other setting
    python -m recipes.label_free.pretrain --run R/span --init R/pretrain.pt --mask span   the same network, used to long gaps

The attention's chunk is drawn anew for every batch as in `timed`, whole context among them, and every eighth batch has rows of 16 s, the field of
the stream. Reads the shards of data/untimed.py, writes RUN/pretrain.pt.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from config import Settings, load_config
from data.batches import Batches, Utterance, mel_statistics
from data.mel import TOKEN
from data.places import RUNS
from data.untimed import audio_shards
from model.encoder import EncoderConfig
from model.mae import MaeConfig, MaskedAutoencoder, draw_mask
from stage.checkpoint import load_checkpoint, save
from stage.cost import Cost, forward_flop
from stage.draws import draw_chunk
from stage.loop import Loop, Optimizers
from stage.options import arguments
from stage.precision import mixed

DEV_SEED = 5_000_000  # batches from this number on are for watching only


def mae_arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The options that say what is hidden and how it is asked for."""
    parser.add_argument('--tokens', choices=('frame', 'patch'), default='frame')
    parser.add_argument('--mask', choices=('random', 'chunked', 'span'), help='default: random for frame tokens, chunked for patches, as the paper')
    parser.add_argument('--ratio', type=float, default=0.75, help='share of hidden tokens')
    parser.add_argument('--decoder-layers', type=int, help='default 2; 0 with --masked-encoder')
    parser.add_argument('--masked-encoder', action='store_true', help="hidden tokens inside the encoder, at full length: SSAST's way")
    parser.add_argument('--reconstruct', type=float, default=10.0, help='weight of the mean squared error')
    parser.add_argument('--contrast', type=float, default=1.0, help='weight of InfoNCE')
    return parser


def mae_config(args: argparse.Namespace) -> MaeConfig:
    depth = args.decoder_layers if args.decoder_layers is not None else 0 if args.masked_encoder else 2
    mask = args.mask or ('chunked' if args.tokens == 'patch' else 'random')
    return MaeConfig(args.tokens, mask, args.ratio, depth, args.masked_encoder, args.reconstruct, args.contrast)


def step_flop(cfg: EncoderConfig, mae: MaeConfig, clips: int, tokens: int) -> float:
    """FLOP of one training step (three forward passes)."""
    inside = tokens if mae.masked_encoder else (1 - mae.ratio) * tokens
    return 3 * clips * (forward_flop(cfg, int(inside), inside) + forward_flop(cfg, tokens, tokens, mae.decoder_layers))


class Clips:
    """Draws (mel, hidden, chunk, phase) by step number: the same for a resumed run as for an unbroken one."""

    def __init__(self, batches: Batches, settings: Settings, mae: MaeConfig, device: str):
        self.batches, self.settings, self.mae, self.device = batches, settings, mae, device

    def draw(self, step: int) -> tuple[torch.Tensor, torch.Tensor, int | None, int]:
        s = self.settings
        long = s.long_every and step % s.long_every == s.long_every - 1
        seconds = s.long_seconds if long else s.crop_seconds
        clips, tokens = max(1, round(s.batch * s.crop_seconds / seconds)), int(seconds * 50) // 8 * 8
        mel = torch.from_numpy(self.batches.audio(step, clips, tokens)).to(self.device)
        hidden = draw_mask(self.mae, np.random.default_rng((self.batches.seed, step, 2)), clips, tokens)
        chunk, phase = draw_chunk(s, self.batches.seed, step)
        if self.mae.tokens == 'patch' and chunk is not None:
            chunk, phase = max(8, chunk), phase // 8 * 8  # a patch's eight bands belong to one moment
        return mel, torch.from_numpy(hidden).to(self.device), chunk, phase


@torch.no_grad()
def watch(model: MaskedAutoencoder, clips: Clips, amp: bool, count: int = 6) -> str:
    """Mean losses of a few fixed batches of held-out speakers."""
    sums = {'mse': 0.0, 'nce': 0.0}
    for k in range(count):
        mel, hidden, chunk, phase = clips.draw(DEV_SEED + k)
        with mixed(mel.device.type, amp):
            out = model(mel, hidden, chunk, phase)
        sums = {name: sums[name] + out[name].mean().item() / count for name in sums}
    return ' '.join(f'{name} {value:.4f}' for name, value in sums.items())


def hours_by_corpus(utterances: list[Utterance]) -> dict[str, float]:
    """Corpus -> hours."""
    hours: dict[str, float] = {}
    for u in utterances:
        hours[u.corpus] = hours.get(u.corpus, 0.0) + len(u.mel) / 360_000
    return {name: round(value, 2) for name, value in sorted(hours.items())}


def load_resumed(path: Path, cfg: EncoderConfig, mae: MaeConfig) -> dict:
    """The checkpoint to go on from; raises ValueError when it was made by other settings."""
    state = load_checkpoint(path, cfg)
    if state.get('mae') != mae.to_dict():
        raise ValueError(f'{path}: expected the masking and losses {mae.to_dict()}, got {state.get("mae")}')
    return state


def load_first(path: Path, cfg: EncoderConfig, mae: MaeConfig) -> dict:
    """The checkpoint to start from; its masking may differ, its parts may not."""
    state = load_checkpoint(path, cfg)
    for part in ('tokens', 'decoder_layers'):
        if 'mae' not in state or state['mae'][part] != getattr(mae, part):
            raise ValueError(f'{path}: expected {part} = {getattr(mae, part)}, got {state.get("mae", {}).get(part)}')
    return state


def main() -> None:
    parser = mae_arguments(arguments(argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)))
    parser.set_defaults(run=RUNS / 'ssl/small', data=RUNS / 'audio')
    parser.add_argument('--plain', type=float, default=0.5, help='share of crops that are not augmented')
    parser.add_argument('--adamw', action='store_true', help='AdamW for the matrices too')
    parser.add_argument('--init', type=Path, help='a checkpoint whose weights to start from, whatever its masking')
    args = parser.parse_args()
    settings, mae, amp = load_config(args.config), mae_config(args), not args.no_amp
    torch.manual_seed(args.seed)
    args.run.mkdir(parents=True, exist_ok=True)
    path = args.run / 'pretrain.pt'
    state = load_resumed(path, settings.encoder, mae) if args.resume else None
    utterances, held_out = audio_shards(args.data, args.corpora, 'train'), audio_shards(args.data, args.corpora, 'dev')
    first = load_first(args.init, settings.encoder, mae) if args.init and not state else None
    mel = tuple((state or first)['mel']) if state or first else mel_statistics(utterances)
    model, average = (MaskedAutoencoder(settings.encoder, mae).to(args.device) for _ in range(2))
    if first:
        model.load_state_dict(first['average'])
    average.load_state_dict(model.state_dict())
    optimizers = Optimizers(model, args.lr or settings.learning_rate, not args.adamw)
    step, cost = 0, Cost.of(state and state['cost'])
    if state:
        model.load_state_dict(state['model'])
        average.load_state_dict(state['average'])
        optimizers.load_state_dict(state['optimizers'])
        step = state['step']

    def clips_of(us: list[Utterance], plain: float) -> Clips:
        return Clips(Batches(us, *mel, seed=args.seed, weights=args.weights, plain=plain), settings, mae, args.device)

    clips, dev = clips_of(utterances, args.plain), clips_of(held_out, 1.0) if held_out else None
    steps = args.steps or settings.steps
    hours, millions = sum(len(u.mel) for u in utterances) / 360_000, sum(p.numel() for p in model.parameters()) / 1e6
    print(f'{len(utterances)} recordings, {hours:.2f} h, mel {mel}, {millions:.2f} M parameters, {mae}, from step {step}', flush=True)

    loop = Loop(step, steps, decay=args.decay, save_minutes=args.save_minutes, dev_every=args.dev_every, accumulate=args.accumulate)

    def checkpoint() -> None:
        save(path, {
            'encoder': settings.encoder.to_dict(), 'mae': mae.to_dict(), 'model': model.state_dict(), 'average': average.state_dict(),
            'optimizers': optimizers.state_dict(), 'step': loop.step, 'mel': list(mel), 'cost': cost.state(), 'hours': round(hours, 2),
            'corpora': hours_by_corpus(utterances),
        })  # fmt: skip

    def losses_of(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        sound, hidden, chunk, phase = clips.draw(step)
        with mixed(sound.device.type, amp):
            out = model(sound, hidden, chunk, phase)
        cost.add(step_flop(settings.encoder, mae, *hidden.shape), hidden.numel() * TOKEN)
        return model.loss(out), {name: out[name].mean() for name in ('mse', 'nce')}

    watch_held_out = (lambda: watch(average, dev, amp)) if dev else None
    loop.run(model, average, optimizers, losses_of=losses_of, checkpoint=checkpoint, watch=watch_held_out)
    print(cost, flush=True)


if __name__ == '__main__':
    main()
