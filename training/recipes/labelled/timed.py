"""`timed`: the whole network taught by speech whose times are known. One run makes teacher and streaming initialisation at once,
because the chunk of attention is drawn anew for every batch, whole context among them.

    python -m recipes.labelled.timed --config small --run runs/small
    python -m recipes.labelled.timed --config small --run runs/next --init ../models/small
    python -m recipes.labelled.timed --config small --run runs/small --resume --steps 9000 --decay 1500     go on, then decay the learning rate out

Losses: boundary (model/crf.py; weak labels count 0.3), phones (cross-entropy), speech against pause.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bundle.export import read_bundle
from config import Settings, load_config
from data.batches import Batches, Utterance, load_shards, mel_statistics
from data.places import RUNS
from model.crf import boundary_loss
from model.encoder import Encoder, EncoderConfig, whole_bias, with_edges
from segment import segmenter
from segment.matching import boundary_scores
from stage.cost import Cost, forward_flop
from stage.loop import Loop, Optimizers, save
from stage.precision import mixed

if TYPE_CHECKING:
    from data.pairs import Pairs


def draw_chunk(settings: Settings, seed: int, step: int) -> tuple[int | None, int]:
    """The chunk of attention of a step, and how many tokens of the first chunk have gone by."""
    rng = np.random.default_rng((seed, step, 1))
    chunks, p = zip(*settings.chunks, strict=True)
    chunk = chunks[rng.choice(len(chunks), p=np.array(p) / sum(p))]
    return chunk, int(rng.integers(0, chunk)) if chunk else 0


def run_batch(model: Encoder, batch: dict[str, Tensor], chunk: int | None, phase: int, amp: bool) -> tuple[dict[str, Tensor], Tensor]:
    """Outputs (B, T, ...) with the delay taken out, and the mask of the tokens that are there (B, T)."""
    cfg = model.cfg
    mel = with_edges(cfg, batch['mel'])
    T = batch['mel'].shape[1] // cfg.frames_per_token + cfg.delay_tokens
    mask = (torch.arange(T, device=mel.device)[None] < batch['lengths'][:, None]).float()
    bias = whole_bias(cfg, mask, chunk, phase)
    with mixed(mel.device.type, amp):
        out = model(mel, bias)
    return {k: v[:, cfg.delay_tokens :].float() for k, v in out.items()}, mask[:, : T - cfg.delay_tokens]


def label_losses(
    out: dict[str, Tensor], batch: dict[str, Tensor], mask: Tensor, crf: bool = True, soft: Tensor | None = None, share: float = 0.0
) -> dict[str, Tensor]:
    """The three losses, means over the tokens that are there. crf: model/crf.py's boundary loss in place of a cross-entropy a token; soft, share:
    its."""
    total = mask.sum()
    weight = batch['weight'] * mask
    if crf:
        boundary = boundary_loss(out['boundary'], batch['boundary'], weight, batch['lengths'], soft=soft, share=share)
    else:
        boundary = F.binary_cross_entropy_with_logits(out['boundary'], batch['boundary'], weight, reduction='sum') / total
    speech = F.binary_cross_entropy_with_logits(out['speech'], batch['speech'], mask, reduction='sum') / total
    target = torch.where(mask > 0, batch['phone'], -1)
    phone = F.cross_entropy(out['phones'].flatten(0, 1), target.flatten(), ignore_index=-1)
    return {'boundary': boundary, 'phone': phone, 'speech': speech}


def to_tensors(batch: dict[str, np.ndarray], device: str) -> dict[str, Tensor]:
    return {k: torch.from_numpy(v).to(device) for k, v in batch.items()}


def draw(batches: Batches | Pairs, settings: Settings, step: int, device: str) -> dict[str, Tensor]:
    """Short crops, and now and then rows of many utterances, so that the streaming state is trained where it lives."""
    long = settings.long_every and step % settings.long_every == settings.long_every - 1
    seconds = settings.long_seconds if long else settings.crop_seconds
    crops = max(1, round(settings.batch * settings.crop_seconds / seconds))
    return to_tensors(batches.batch(step, crops, int(seconds * 50), 8 if long else 2), device)


@torch.no_grad()
def encode_many(model: Encoder, utterances: list[Utterance], mel: tuple[float, float], chunk: int | None, amp: bool) -> list[dict[str, np.ndarray]]:
    """Outputs of whole utterances, sorted into batches of like length; every entry has one row a token."""
    model.eval()
    device = next(model.parameters()).device
    order = sorted(range(len(utterances)), key=lambda k: len(utterances[k].mel))
    results: list[dict[str, np.ndarray]] = [{} for _ in utterances]
    for at in range(0, len(order), 12):
        rows = order[at : at + 12]
        lengths = [len(utterances[k].mel) // 2 for k in rows]
        x = np.zeros((len(rows), 2 * max(lengths), 128), np.float32)
        for r, (k, n) in enumerate(zip(rows, lengths, strict=True)):
            x[r, : 2 * n] = 0.5 * (utterances[k].mel[: 2 * n].astype(np.float32) - mel[0]) / mel[1]
        batch = {'mel': torch.from_numpy(x).to(device), 'lengths': torch.tensor(lengths, device=device)}
        out, _ = run_batch(model, batch, chunk, 0, amp)
        out = {name: value.cpu().numpy() for name, value in out.items()}
        for r, (k, n) in enumerate(zip(rows, lengths, strict=True)):
            results[k] = {name: value[r, :n] for name, value in out.items()}
    model.train()
    return results


def seconds_of(cuts: np.ndarray) -> np.ndarray:
    return cuts[1:-1] * 0.02 + 0.0075


Scores = dict[str, tuple[float, float]]  # set -> F1 at 50 and at 20 ms


def logit_scores(logits: dict[str, list[np.ndarray]], dev: dict[str, list[Utterance]]) -> tuple[float, Scores]:
    """The λ, one for all sets, that cuts best by boundary logits alone, and the scores with it."""
    rules, best = segmenter.Rules(), (0.0, dict.fromkeys(dev, (-1.0, -1.0)))
    for lam in (-2.5, -2.0, -1.5, -1.0, -0.5, 0.0):
        rate, scores = segmenter.Rate('', 0, 0.0, lam), {}
        for s, us in dev.items():
            found = [seconds_of(segmenter.search(np.zeros((len(g) + 1, rules.max_tokens + 1)), g, rate, rules)) for g in logits[s]]
            f50, f20 = (boundary_scores([u.edges for u in us], found, tol)['f1'] for tol in (0.05, 0.02))
            scores[s] = (f50, f20)
        if np.mean(list(scores.values())) > np.mean(list(best[1].values())):
            best = (lam, scores)
    return best


def dev_scores(model: Encoder, dev: dict[str, list[Utterance]], mel: tuple[float, float], amp: bool, live_only: bool = False) -> str:
    """F1 at 50 and 20 ms of each development set, live (the runtime's chunk) and whole, cut by the boundary logits alone with one λ for all."""
    parts = []
    for name, chunk in (('live', model.cfg.chunk_tokens), ('whole', None))[: 1 if live_only else 2]:
        logits = {s: [o['boundary'] for o in encode_many(model, us, mel, chunk, amp)] for s, us in dev.items()}
        lam, scores = logit_scores(logits, dev)
        parts.append(f'{name} λ {lam}: ' + ', '.join(f'{s} {f50:.3f} ({f20:.3f})' for s, (f50, f20) in scores.items()))
    return ' | '.join(parts)


def dev_sets(data: Path, each: int, names: list[str] | None = None) -> dict[str, list[Utterance]]:
    """A spread of at most `each` development utterances of every corpus that has some."""
    sets: dict[str, list[Utterance]] = {}
    for u in load_shards(data, names, 'dev'):
        sets.setdefault(u.corpus, []).append(u)
    return {name: us[:: max(1, len(us) // each)][:each] for name, us in sets.items()}


def load_checkpoint(path: Path, cfg: EncoderConfig) -> dict:
    """Reads a checkpoint; raises ValueError when it is none, or belongs to a network of other sizes."""
    if not path.exists():
        raise FileNotFoundError(f'{path}: expected a checkpoint to resume from')
    try:
        state = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # torch raises whatever the bytes provoke: RuntimeError, UnpicklingError, EOFError, KeyError
        raise ValueError(f'{path}: expected a checkpoint, cannot read its {path.stat().st_size} bytes: {error}') from error
    if not isinstance(state, dict) or state.get('encoder') != cfg.to_dict():
        got = state.get('encoder') if isinstance(state, dict) else type(state).__name__
        raise ValueError(f'{path}: expected the encoder {cfg.to_dict()}, got {got}')
    missing = {'model', 'average', 'optimizers', 'step', 'mel'} - state.keys()
    if missing:
        raise ValueError(f'{path}: expected model, average, optimizers, step and mel, {", ".join(sorted(missing))} missing')
    return state


def start_from(model: Encoder, bundle: Path) -> tuple[float, float]:
    """Copies a bundle's network into `model` and returns its mel statistics; raises ValueError when the sizes differ."""
    network, config, _ = read_bundle(bundle)
    if network.cfg != model.cfg:
        raise ValueError(f'--init {bundle}: expected the encoder {model.cfg.to_dict()}, got {network.cfg.to_dict()}')
    state = {name: value for name, value in network.state_dict().items() if not name.startswith('phones.')}
    model.load_state_dict(state, strict=False)
    return config['mel']['mean'], config['mel']['std']


def arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The options that timed and sylboost share."""
    parser.add_argument('--config', default='small')
    parser.add_argument('--run', type=Path, default=RUNS / 'small', help='folder of checkpoints and logs')
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--corpora', nargs='*', help='shards to train on (default: all that are there)')
    parser.add_argument('--weights', type=json.loads, default={}, help='JSON: corpus -> how often it is drawn')
    parser.add_argument('--steps', type=int, help='total steps (default: of the config)')
    parser.add_argument('--decay', type=int, default=0, help='steps at the end over which the learning rate goes to 0')
    parser.add_argument('--lr', type=float)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--resume', action='store_true')
    parser.add_argument('--save-minutes', type=float, default=2.5)
    parser.add_argument('--dev-every', type=int, default=250)
    parser.add_argument('--device', default='cuda' if torch.cuda.is_available() else 'cpu')
    parser.add_argument('--no-amp', action='store_true', help='fp32 instead of bfloat16 autocast')
    return parser


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
    loop = Loop(step, steps, decay=args.decay, save_minutes=args.save_minutes, dev_every=args.dev_every)

    def checkpoint() -> None:
        save(args.run / 'timed.pt', {
            'encoder': settings.encoder.to_dict(), 'model': model.state_dict(), 'average': average.state_dict(),
            'optimizers': optimizers.state_dict(), 'step': loop.step, 'mel': list(mel), 'cost': cost.state(),
        })  # fmt: skip

    def losses_of(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        batch = draw(batches, settings, step, args.device)
        out, mask = run_batch(model, batch, *draw_chunk(settings, args.seed, step), not args.no_amp)
        losses = label_losses(out, batch, mask, not args.bce)
        cost.add(3 * forward_flop(settings.encoder, mask.numel(), mask.shape[1]), float(mask.sum()) * 0.02)
        return 2.0 * losses['boundary'] + 0.5 * losses['phone'] + 0.5 * losses['speech'], losses

    watch = (lambda: dev_scores(average, dev, mel, not args.no_amp)) if dev else None
    loop.run(model, average, optimizers, losses_of=losses_of, checkpoint=checkpoint, watch=watch)
    print(cost, flush=True)


if __name__ == '__main__':
    main()
