"""`train`: an encoder for another task: the mean over a clip's tokens, and a head on it.

    python -m recipes.finetune.train age --starts scratch runs/ssl/small/pretrain.pt --shares 0.1 1 --seeds 3 --json age.json
    python -m recipes.finetune.train commands --starts ../models/small --freeze --export heads/commands      a head that runs live (docs/head.md)

TASK is a shard of recipes/finetune/clips.py. A start is `scratch`, a checkpoint of recipes/label_free/pretrain.py or recipes/labelled/sylboost.py,
or a bundle. Not frozen, the whole network learns:
AdamW, the learning rate falling by --layer-decay from each block to the one below (1 from scratch). Frozen, the head learns on pooled features; a
bundle's are those of its int8 step model run live, as it ships, so the head may be exported for it. Every start sees the same clips in the same
order for the same number of steps. --shares: parts of the training labels, the same part of every class. Reported: accuracy on the test clips, mean
over the seeds, with the 95 % interval of a bootstrap over test clips; finished cells of --json are not run again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bundle.classifier import export_head
from bundle.outputs import outputs_of
from bundle.read import read_bundle
from config import load_config
from data.batches import mel_statistics, thinned
from data.mel import TOKEN
from data.places import RUNS
from model.encoder import Encoder
from recipes.finetune.clips import Clip, load_clips
from stage.checkpoint import load_mae
from stage.cost import Cost, forward_flop
from stage.encode import run_batch
from stage.loop import schedule


class Classifier(nn.Module):
    """Encoder -> mean of its features over the clip's tokens (B, D) -> head -> logits (B, classes)."""

    def __init__(self, encoder: Encoder, classes: int, hidden: int):
        super().__init__()
        self.encoder, self.head = encoder, make_head(encoder.cfg.feature_width, classes, hidden)

    def forward(self, mel: Tensor, lengths: Tensor, amp: bool) -> Tensor:
        out, mask = run_batch(self.encoder, {'mel': mel, 'lengths': lengths}, self.encoder.cfg.chunk_tokens, 0, amp)
        return self.head((out['features'] * mask[..., None]).sum(1) / mask.sum(1, keepdim=True))


def make_head(width: int, classes: int, hidden: int) -> nn.Sequential:
    """One linear layer, or two with a GELU between."""
    layers = [nn.Linear(width, hidden), nn.GELU(approximate='tanh'), nn.Linear(hidden, classes)] if hidden else [nn.Linear(width, classes)]
    return nn.Sequential(*layers)


def start_encoder(name: str, config: str, seed: int) -> tuple[Encoder, tuple[float, float]]:
    """The encoder to start from, and its mel statistics. Where no feature head was trained, the features are the hidden tokens."""
    torch.manual_seed(seed)
    if Path(name).is_dir():
        encoder, c, _ = read_bundle(Path(name))
        return encoder.train(), (c['mel']['mean'], c['mel']['std'])
    encoder, mel = Encoder(replace(load_config(config).encoder, delay_tokens=0)), (0.0, 0.0)  # scratch: the clips' own statistics
    if name != 'scratch':
        state = torch.load(name, map_location='cpu', weights_only=True)
        if 'mae' in state:
            mae, mel, _ = load_mae(Path(name))
            encoder = Encoder(replace(mae.cfg, delay_tokens=0))  # it was taught without a delay
            encoder.load_state_dict(mae.encoder.state_dict())
        else:
            encoder = Encoder(load_config(config).encoder)
            encoder.load_state_dict(state['average'])
            return encoder, tuple(state['mel'])
    if encoder.cfg.width != encoder.cfg.feature_width:
        raise ValueError(f'expected features as wide as the network, got {encoder.cfg.feature_width} and {encoder.cfg.width}')
    with torch.no_grad():
        encoder.features.weight.copy_(torch.eye(encoder.cfg.width))
        encoder.features.bias.zero_()
    return encoder, mel


def groups(model: Classifier, lr: float, decay: float) -> list[dict]:
    """AdamW's groups: the head and the last block at `lr`, every block below at `decay` times the one above, the embedding last."""
    depth = model.encoder.cfg.layers
    out = [{'params': [*model.head.parameters(), *model.encoder.norm.parameters(), *model.encoder.features.parameters()], 'scale': 1.0}]
    out += [{'params': [*block.parameters()], 'scale': decay ** (depth - 1 - k)} for k, block in enumerate(model.encoder.blocks)]
    out.append({'params': [*model.encoder.embed.parameters()], 'scale': decay**depth})
    return [g | {'lr': lr * g['scale']} for g in out]


def labelled_share(clips: list[Clip], share: float, seed: int) -> list[Clip]:
    """A part of the clips, the same part of every class, at least one each."""
    rng, out = np.random.default_rng((seed, 7)), []
    for label in sorted({c.label for c in clips}):
        some = [c for c in clips if c.label == label]
        out += [some[k] for k in rng.permutation(len(some))[: max(1, round(share * len(some)))]]
    return out


def batch_of(clips: list[Clip], mel: tuple[float, float], tokens: int, rng: np.random.Generator | None) -> tuple[Tensor, Tensor]:
    """mel (B, 2T, 128) normalised and lengths (B,); at most `tokens` tokens of each clip, from a random place or (no rng) the beginning."""
    lengths = [min(tokens, len(c.mel) // 2) for c in clips]
    x = np.zeros((len(clips), 2 * max(lengths), 128), np.float32)
    for row, c, n in zip(x, clips, lengths, strict=True):
        first = int(rng.integers(0, len(c.mel) - 2 * n + 1)) if rng else 0
        row[: 2 * n] = 0.5 * (c.mel[first : first + 2 * n].astype(np.float32) - mel[0]) / mel[1]
    return torch.from_numpy(x), torch.tensor(lengths)


def learn(args: argparse.Namespace, start: str, train: list[Clip], test: list[Clip], names: list[str], seed: int) -> tuple[np.ndarray, Cost]:
    """One run of the whole network: whether each test clip was right (n,), and what it cost."""
    encoder, mel = start_encoder(start, args.config, seed)
    mel = mel if mel[1] else mel_statistics(train)
    model, amp, cost = Classifier(encoder, len(names), args.hidden), not args.no_amp, Cost()
    scratch = start == 'scratch'
    optimizer = torch.optim.AdamW(groups(model, args.scratch_lr if scratch else args.lr, 1.0 if scratch else args.layer_decay), weight_decay=0.02)
    rng, order, started = np.random.default_rng((seed, 1)), [], time.time()
    for step in range(args.steps):
        while len(order) < args.batch:
            order += rng.permutation(len(train)).tolist()
        some, order = [train[k] for k in order[: args.batch]], order[args.batch :]
        x, lengths = batch_of(some, mel, int(50 * args.seconds), rng)
        loss = F.cross_entropy(model(x, lengths, amp), torch.tensor([names.index(c.label) for c in some]), label_smoothing=0.05)
        if not math.isfinite(loss.item()):
            raise FloatingPointError(f'step {step}: expected a finite loss, got {loss.item()}')
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group['lr'] = group['scale'] * (args.scratch_lr if scratch else args.lr) * schedule(step, args.steps, 20, args.steps // 2)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        cost.add(3 * forward_flop(encoder.cfg, x.shape[0] * x.shape[1] // 2, x.shape[1] / 2), float(lengths.sum()) * TOKEN)
        if (step + 1) % 50 == 0:
            print(f'  step {step + 1} of {args.steps}: loss {loss.item():.3f}, {(time.time() - started) / (step + 1):.2f} s a step', flush=True)
    model.eval()
    order, right = sorted(range(len(test)), key=lambda k: len(test[k].mel)), np.zeros(len(test), bool)
    with torch.no_grad():
        for at in range(0, len(order), 16):
            rows = order[at : at + 16]
            said = model(*batch_of([test[k] for k in rows], mel, int(50 * args.test_seconds), None), amp).argmax(1)
            right[rows] = [names[int(s)] == test[k].label for s, k in zip(said, rows, strict=True)]
    return right, cost


def pooled(start: str, config: str, clips: list[Clip], seconds: float, cache: Path) -> Tensor:
    """Mean features (n, D) of whole clips, frozen: a bundle's as its int8 step model gives them live; kept in a file."""
    key = hashlib.sha256(f'{start} {seconds} {[c.uid for c in clips]}'.encode()).hexdigest()[:16]
    path = cache / f'pooled-{key}.npy'
    if path.exists():
        return torch.from_numpy(np.load(path))
    encoder, mel = start_encoder(start, config, 0)
    mel = mel if mel[1] else mel_statistics(clips)
    run = outputs_of(Path(start), 'int8', False) if Path(start).is_dir() else None
    rows = []
    for c in clips:
        x, lengths = batch_of([c], mel, int(50 * seconds), None)
        with torch.no_grad():
            features = (
                run(x[0])['features']
                if run
                else run_batch(encoder.eval(), {'mel': x, 'lengths': lengths}, encoder.cfg.chunk_tokens, 0, True)[0]['features'][0]
            )
        rows.append(np.asarray(features, np.float64).mean(0).astype(np.float32))
    np.save(path, np.stack(rows))
    return torch.from_numpy(np.stack(rows))


def learn_head(x: Tensor, y: Tensor, classes: int, hidden: int, seed: int, steps: int = 400) -> nn.Sequential:
    """A head on frozen pooled features, all of them in every step; their standardisation is folded into its first layer."""
    torch.manual_seed(seed)
    head, mean, std = make_head(x.shape[1], classes, hidden), x.mean(0), x.std(0).clamp(min=1e-4)
    z, optimizer = (x - mean) / std, torch.optim.AdamW(head.parameters(), lr=5e-3, weight_decay=0.05)
    for step in range(steps):
        for group in optimizer.param_groups:
            group['lr'] = 5e-3 * schedule(step, steps, 20, steps // 2)
        F.cross_entropy(head(z), y, label_smoothing=0.05).backward()
        optimizer.step()
        optimizer.zero_grad()
    with torch.no_grad():
        first = head[0]
        first.bias -= first.weight @ (mean / std)
        first.weight /= std
    return head.eval()


def interval(right: np.ndarray, draws: int = 2000) -> tuple[float, float, float]:
    """right (seeds, n) -> accuracy, and the 95 % interval of a bootstrap over the n clips."""
    each = right.mean(0)
    rng = np.random.default_rng(0)
    means = each[rng.integers(0, len(each), (draws, len(each)))].mean(1)
    return float(each.mean()), float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('task', help='name of a shard of recipes/finetune/clips.py')
    parser.add_argument('--clips', type=Path, default=RUNS / 'clips')
    parser.add_argument('--starts', nargs='+', default=['scratch'])
    parser.add_argument('--config', default='small', help='size of "scratch"')
    parser.add_argument('--shares', type=float, nargs='+', default=[1.0])
    parser.add_argument('--seeds', type=int, default=1)
    parser.add_argument('--freeze', action='store_true', help='only the head learns')
    parser.add_argument('--hidden', type=int, default=0, help='width of a hidden layer in the head (0: linear)')
    parser.add_argument('--steps', type=int, default=300)
    parser.add_argument('--batch', type=int, default=24)
    parser.add_argument('--seconds', type=float, default=2.0, help='of a clip in training')
    parser.add_argument('--test-seconds', type=float, default=8.0)
    parser.add_argument('--test-clips', type=int, help='a spread of at most so many')
    parser.add_argument('--lr', type=float, default=5e-4)
    parser.add_argument('--scratch-lr', type=float, default=1e-3)
    parser.add_argument('--layer-decay', type=float, default=0.75)
    parser.add_argument('--export', type=Path, help='write the head for the runtime; wants --freeze and one bundle')
    parser.add_argument('--window-ms', type=int, default=2000, help='of the exported head: what the runtime pools over')
    parser.add_argument('--hop-ms', type=int, default=500)
    parser.add_argument('--no-amp', action='store_true')
    parser.add_argument('--json', type=Path)
    args = parser.parse_args()
    if args.export and not (args.freeze and len(args.starts) == 1 and Path(args.starts[0]).is_dir()):
        raise SystemExit('--export: expected --freeze and one bundle in --starts: a head runs on the features that a bundle ships')
    folder = args.clips / args.task
    train, test = load_clips(folder, 'train'), load_clips(folder, 'test')
    if args.test_clips:
        test = thinned(test, args.test_clips)
    names = sorted({c.label for c in train})
    done: dict[str, list] = json.loads(args.json.read_text()) if args.json and args.json.exists() else {}
    print(f'{args.task}: {len(names)} classes, {len(train)} clips to train on, {len(test)} to test, chance {1 / len(names):.3f}', flush=True)
    for share in args.shares:
        for start in args.starts:
            for seed in range(args.seeds):
                key = f'{start} | {"frozen" if args.freeze else "whole"} | {share:g} | {seed}'
                if key in done:
                    continue
                some = labelled_share(train, share, seed)
                if args.freeze:
                    x, tx = (pooled(start, args.config, cs, args.test_seconds, folder) for cs in (some, test))
                    y, ty = (torch.tensor([names.index(c.label) if c.label in names else -1 for c in cs]) for cs in (some, test))
                    head = learn_head(x, y, len(names), args.hidden, seed)
                    right, cost = (head(tx).argmax(1) == ty).numpy(), Cost()
                    if args.export:
                        export_head(args.export, head, names, Path(start), args.window_ms, args.hop_ms, {'accuracy': round(float(right.mean()), 4)})
                else:
                    right, cost = learn(args, start, some, test, names, seed)
                done[key] = right.astype(int).tolist()
                print(f'{key}: {right.mean():.4f}; {cost}', flush=True)
                if args.json:
                    args.json.write_text(json.dumps(done) + '\n')
    print('\n| start | learns | labels | accuracy (95 %) |\n| --- | --- | --- | --- |')
    for share in args.shares:
        for start in args.starts:
            way = 'frozen' if args.freeze else 'whole'
            rows = np.array([done[f'{start} | {way} | {share:g} | {seed}'] for seed in range(args.seeds)])
            mean, low, high = interval(rows)
            print(f'| {start} | {way} | {100 * share:g} % | {mean:.3f} ({low:.3f} to {high:.3f}) |', flush=True)


if __name__ == '__main__':
    main()
