"""`sylboost`: features that stay flat inside a syllable and jump between two, on top of what `timed` learned.

    python -m recipes.labelled.sylboost --config small --run runs/small --steps 600 --decay 300
    python -m recipes.labelled.sylboost --config small --run runs/small --steps 0        only fit the feature head (a minute): a first bundle
    python -m recipes.labelled.sylboost --config small --run R/round1 --pretrained R/pretrain.pt --labels losspred
    python -m recipes.labelled.sylboost --config small --run R/round2 --pretrained R/pretrain.pt --labels R/round1/recut.jsonl

Teacher: the frozen `timed` network with whole context. Target of every token of a segment: one vector of that segment: the teacher's
mean over the inner third ("mean", SyllableLM's), its means over onset, nucleus and coda thirds ("thirds"), or the phones it heard in
each third beside the inner mean ("phones"); brought to the feature width by principal components. Loss: mean squared error over the
first half of the rows (the teacher costs a forward pass), together with the losses of `timed`, with mostly the runtime's chunk.
The feature head starts from the least-squares fit.

With --labels it is SyllableLM's own way, without a label: segments from recipes/label_free/losspred.py, or from the level alone ("envelope"), in a
second round from
recipes/label_free/recut.py; teacher = the masked autoencoder's encoder with whole context, target = mean of the inner third, nothing but the
squared error on every token of every row.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from config import load_config
from data.batches import Batches, Utterance, load_shards
from data.mel import TOKEN
from data.places import RUNS
from data.untimed import audio_shards
from model.encoder import Encoder, EncoderConfig
from segment.baselines import envelope_minima
from segment.equal_counts import completed, fair_scores, feature_cutter
from stage.checkpoint import load_checkpoint, load_mae, save
from stage.cost import Cost, forward_flop
from stage.development import dev_scores, dev_sets
from stage.draws import draw, draw_chunk
from stage.encode import encode_many, run_batch
from stage.label_losses import label_losses
from stage.loop import Loop, Optimizers
from stage.options import arguments

CHUNKS = ((8, 0.8), (4, 0.05), (16, 0.05), (None, 0.1))  # the runtime's chunk mostly
FIT_BATCHES = 40
SAID, SOUND = 1.0, 0.1  # scales of the two parts of the target 'phones': a phone's root probability varies by about 0.15, a hidden entry by 1


def segments_of(boundary: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """boundary (B, T) 0/1 -> number of the segment of each token (B, T), and which tokens lie in a whole segment (B, T)."""
    ids = boundary.cumsum(1).long()
    last = ids.gather(1, (lengths - 1).clamp(min=0)[:, None])
    inside = torch.arange(boundary.shape[1], device=boundary.device)[None] < lengths[:, None]
    return ids, inside & (ids > 0) & (ids < last)


def segment_targets(hidden: Tensor, ids: Tensor, kind: str) -> Tensor:
    """Any tokens (B, T, D) -> the vector of each token's segment: (B, T, D) for 'mean', (B, T, 3 D) for 'thirds'."""
    B, T, D = hidden.shape
    S = int(ids.max()) + 1
    flat = (ids + torch.arange(B, device=ids.device)[:, None] * S).flatten()  # (B T,)
    length = torch.zeros(B * S, device=ids.device).index_add_(0, flat, torch.ones_like(flat, dtype=torch.float32))
    first = torch.full((B * S,), T, device=ids.device).scatter_reduce(0, flat, torch.arange(T, device=ids.device).repeat(B), 'amin')
    place = (torch.arange(T, device=ids.device).repeat(B) - first[flat]).float() / length[flat]  # 0 to 1 inside the segment
    third = (3 * place).long().clamp(max=2)  # (B T,)
    sums = torch.zeros(B * S * 3, D, device=ids.device).index_add_(0, flat * 3 + third, hidden.flatten(0, 1))
    counts = torch.zeros(B * S * 3, device=ids.device).index_add_(0, flat * 3 + third, torch.ones_like(place))
    mean = sums.view(B * S, 3, D).sum(1) / length.clamp(min=1)[:, None]
    thirds = torch.where(counts[:, None] > 0, sums / counts.clamp(min=1)[:, None], mean.repeat_interleave(3, 0))
    vectors = thirds.view(B * S, 3, D)[:, 1] if kind == 'mean' else thirds.view(B * S, 3 * D)
    return vectors[flat].view(B, T, -1)


@dataclass
class Start:
    """What a run begins with: the teacher, the student's first weights, the recordings with their segments, and notes for the checkpoint."""

    teacher: Encoder
    student: dict[str, Tensor]
    mel: tuple[float, float]
    utterances: list[Utterance]
    dev: dict[str, list[Utterance]]
    notes: dict


def start_from_times(args: argparse.Namespace, cfg: EncoderConfig) -> Start:
    """What `timed` learned, on speech whose times are known."""
    timed = load_checkpoint(args.run / 'timed.pt', cfg)
    teacher = Encoder(cfg)
    teacher.load_state_dict(timed['average'])
    utterances, dev = load_shards(args.data, args.corpora), dev_sets(args.data, 48)
    return Start(teacher, timed['average'], tuple(timed['mel']), utterances, dev, {'timed_steps': timed['step']})


def start_from_sound(args: argparse.Namespace, cfg: EncoderConfig) -> Start:
    """What `pretrain` learned, on recordings that were cut without a label; --student goes on with an earlier round's network."""
    mae, mel, state = load_mae(args.pretrained)
    if mae.cfg != cfg:
        raise ValueError(f'{args.pretrained}: expected the encoder {cfg.to_dict()}, got {mae.cfg.to_dict()}')
    utterances = audio_shards(args.audio, args.corpora, 'train')
    path = args.pretrained.parent / 'losspred.jsonl' if args.labels == 'losspred' else Path(args.labels)
    utterances = cut_as(utterances, envelope_edges(utterances) if args.labels == 'envelope' else read_edges(path))
    dev = dev_sets(args.data, 24) if any(args.data.glob('*/utterances.jsonl')) else {}  # for watching only
    student = load_checkpoint(args.student, cfg)['average'] if args.student else mae.encoder.state_dict()
    notes = {'labels': path.name, 'pretrained': {name: state[name] for name in ('step', 'cost', 'hours', 'corpora', 'mae')}}
    return Start(shallow(mae.encoder, args.teacher_layers or cfg.layers), student, mel, utterances, dev, notes)


def shallow(encoder: Encoder, layers: int) -> Encoder:
    """The first `layers` blocks without the output delay; short of all of them, the norm only standardises."""
    teacher = Encoder(replace(encoder.cfg, layers=layers, delay_tokens=0))
    wanted = {n: v for n, v in encoder.state_dict().items() if n in teacher.state_dict()}
    teacher.load_state_dict(wanted)
    if layers < encoder.cfg.layers:
        teacher.norm.reset_parameters()
    return teacher


Edges = dict[tuple[str, str], np.ndarray]  # (corpus, id) -> where a recording is cut, seconds


def read_edges(path: Path) -> Edges:
    """What recipes/label_free/losspred.py or recipes/label_free/recut.py wrote."""
    if not path.exists():
        raise FileNotFoundError(f'{path}: expected edges from recipes/label_free/losspred.py or recipes/label_free/recut.py; run it first')
    return {(j['corpus'], j['id']): np.array(j['edges']) for j in map(json.loads, path.open(encoding='utf-8'))}


def envelope_edges(utterances: list[Utterance]) -> Edges:
    """The baseline of level alone (segment/baselines.py), as a start in place of LossPred's."""
    return {(u.corpus, u.uid): np.unique(envelope_minima(torch.from_numpy(np.asarray(u.mel, np.float32)))) for u in utterances}


def cut_as(utterances: list[Utterance], edges: Edges) -> list[Utterance]:
    """Recordings with their segments; those that `edges` lacks are left out."""
    out = []
    for u in utterances:
        times = edges.get((u.corpus, u.uid), np.zeros(0))
        if len(times) > 2:
            pairs = np.stack([times[:-1], times[1:]], 1)
            out.append(replace(u, edges=times, weak=np.zeros(0), syllables=pairs, phone_ends=np.zeros(0), labels=[]))
    return out


def features_score(model: Encoder, dev: dict[str, list[Utterance]], mel: tuple[float, float], amp: bool) -> str:
    """F1 at 50 and 20 ms of the features alone, live, with as many boundaries as the references."""
    parts = []
    for name, us in dev.items():
        outputs = completed(encode_many(model, us, mel, model.cfg.chunk_tokens, amp), us, model.cfg)
        s = fair_scores(feature_cutter(outputs), [u.edges for u in us])
        parts.append(f'{name} {s["F1_50ms"]:.3f} ({s["F1_20ms"]:.3f})')
    return 'features alone, equal counts: ' + ', '.join(parts)


class Teacher:
    """Turns a batch into targets (B, T, feature width) and the mask of the tokens that have one. chunk: tokens it hears at a time, None = all."""

    def __init__(self, network: Encoder, kind: str, amp: bool, chunk: int | None = None):
        self.network, self.kind, self.amp, self.chunk = network.eval(), kind, amp, chunk
        self.mean = self.basis = torch.zeros(0)

    @torch.no_grad()
    def raw(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        out, _ = run_batch(self.network, batch, self.chunk, 0, self.amp)
        ids, whole = segments_of(batch['boundary'], batch['lengths'])
        if self.kind != 'phones':
            return segment_targets(out['hidden'], ids, self.kind), whole
        # Square roots of probabilities: their distance is Hellinger's, so what was said counts and how sure the teacher was does not.
        said = segment_targets(out['phones'].softmax(-1).sqrt(), ids, 'thirds')
        sound = segment_targets(out['hidden'], ids, 'mean')
        return torch.cat([said * SAID, sound * (said.shape[-1] / sound.shape[-1]) ** 0.5 * SOUND], -1), whole

    def fit(self, batches: list[dict[str, Tensor]], width: int) -> None:
        """Principal components of segment vectors, scaled so that a feature's variance is 1 on average."""
        parts = []
        for batch in batches:
            vectors, whole = self.raw(batch)
            parts.append(vectors[whole & (batch['boundary'] > 0)])  # one row a segment
        x = torch.cat(parts)
        self.mean = x.mean(0)
        _, s, v = torch.linalg.svd(x - self.mean, full_matrices=False)
        if len(s) < width:
            raise ValueError(f'expected at least {width} segments to fit {width} components, got {len(s)}')
        variance = s[:width].square().sum() / len(x) / width
        self.basis = v[:width].T / variance.sqrt()  # (D or 3 D, width)

    def targets(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        vectors, whole = self.raw(batch)
        return (vectors - self.mean) @ self.basis, whole


@torch.no_grad()
def fit_head(model: Encoder, teacher: Teacher, batches: list[dict[str, Tensor]], amp: bool) -> float:
    """Least squares from the student's hidden tokens to the targets into the feature head; returns the error left (share of variance)."""
    D = model.cfg.width
    xx, xy, yy, n = torch.zeros(D + 1, D + 1), torch.zeros(D + 1, model.cfg.feature_width), 0.0, 0
    for batch in batches:
        out, _ = run_batch(model, batch, model.cfg.chunk_tokens, 0, amp)
        y, whole = teacher.targets(batch)
        x = F.pad(out['hidden'][whole], (0, 1), value=1.0).cpu()  # (n, D + 1)
        y = y[whole].cpu()
        xx, xy, yy, n = xx + x.T @ x, xy + x.T @ y, yy + float(y.square().sum()), n + len(x)
    w = torch.linalg.solve(xx + 1e-3 * n * torch.eye(D + 1), xy)  # (D + 1, features)
    model.features.weight.copy_(w[:D].T)
    model.features.bias.copy_(w[D])
    return (yy - 2 * float((w * xy).sum()) + float((w * (xx @ w)).sum())) / yy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser = arguments(parser)
    parser.add_argument('--target', choices=('mean', 'thirds', 'phones'), help='default: phones; mean with --labels')
    parser.add_argument('--feature-weight', type=float, default=0.3)
    parser.add_argument('--labels', help='"losspred" (the file beside --pretrained), "envelope" or a file of edges: only the features learn')
    parser.add_argument('--pretrained', type=Path, help='pretrain.pt, for --labels (default: in --run)')
    parser.add_argument('--audio', type=Path, default=RUNS / 'audio', help='shards of data/untimed.py, for --labels')
    parser.add_argument('--teacher-layers', type=int, help='blocks of the masked autoencoder that teach (default: all)')
    parser.add_argument('--student', type=Path, help='with --labels: an earlier sylboost.pt to go on with')
    args = parser.parse_args()
    args.pretrained = args.pretrained or args.run / 'pretrain.pt'
    free, target_kind = args.labels is not None, args.target or ('mean' if args.labels else 'phones')
    if free and target_kind == 'phones':
        raise SystemExit('--target phones: expected mean or thirds with --labels, for nobody told it any phones')
    settings = load_config(args.config)
    chunks = tuple((settings.encoder.chunk_tokens if c == 8 else c, p) for c, p in CHUNKS)
    settings = replace(settings, chunks=chunks)
    amp, steps = not args.no_amp, 600 if args.steps is None else args.steps
    torch.manual_seed(args.seed)
    args.run.mkdir(parents=True, exist_ok=True)
    start = start_from_sound(args, settings.encoder) if free else start_from_times(args, settings.encoder)
    mel, dev, step = start.mel, start.dev, 0
    batches = Batches(start.utterances, *mel, seed=args.seed + 1000, weights=args.weights)
    network = start.teacher.to(args.device)
    model, average = (Encoder(settings.encoder).to(args.device) for _ in range(2))
    teacher = Teacher(network, target_kind, amp)
    if args.resume:
        state = load_checkpoint(args.run / 'sylboost.pt', settings.encoder)
        network.load_state_dict(state['teacher'])
        teacher.mean, teacher.basis, step = state['mean'].to(args.device), state['basis'].to(args.device), state['step']
        model.load_state_dict(state['model'])
        average.load_state_dict(state['average'])
    else:
        model.load_state_dict(start.student)
        some = [draw(batches, settings, 10_000_000 + k, args.device) for k in range(FIT_BATCHES)]
        teacher.fit(some, settings.encoder.feature_width)
        print(f'feature head fitted: {fit_head(model, teacher, some, amp):.3f} of the variance left', flush=True)
        average.load_state_dict(model.state_dict())
    optimizers = Optimizers(model, args.lr or 0.75 * settings.learning_rate, muon=True)
    if args.resume and state['optimizers']:
        optimizers.load_state_dict(state['optimizers'])
    cost = Cost.of(state.get('cost') if args.resume else None)
    loop = Loop(
        step, steps, warmup=50, decay=args.decay, memory=0.99, save_minutes=args.save_minutes, dev_every=args.dev_every, accumulate=args.accumulate
    )

    def checkpoint() -> None:
        state = {
            'encoder': settings.encoder.to_dict(),
            'model': model.state_dict(),
            'average': average.state_dict(),
            'teacher': network.state_dict(),
            'mean': teacher.mean,
            'basis': teacher.basis,
            'optimizers': optimizers.state_dict(),
            'step': loop.step,
            'mel': list(mel),
            'cost': cost.state(),
            **start.notes,
        }
        save(args.run / 'sylboost.pt', state)

    def losses_of(step: int) -> tuple[Tensor, dict[str, Tensor]]:
        batch = draw(batches, settings, step, args.device)
        taught = len(batch['mel']) if free else (len(batch['mel']) + 1) // 2  # the rows that get a target
        target, whole = teacher.targets({name: value[:taught] for name, value in batch.items()})
        out, mask = run_batch(model, batch, *draw_chunk(settings, args.seed, step), amp)
        losses = {} if free else label_losses(out, batch, mask)
        losses['features'] = (out['features'][:taught] - target).square().mean(-1)[whole].mean()
        weights = {'features': 1.0} if free else {'boundary': 2.0, 'phone': 0.5, 'speech': 0.5, 'features': args.feature_weight}
        passes = 3 + taught / len(mask) * network.cfg.layers / settings.encoder.layers  # student's forward and backward, teacher's forward
        cost.add(passes * forward_flop(settings.encoder, mask.numel(), mask.shape[1]), float(mask.sum()) * TOKEN)
        return sum(weight * losses[name] for name, weight in weights.items()), losses

    watch = (lambda: (features_score if free else dev_scores)(average, dev, mel, amp)) if dev else None
    loop.run(model, average, optimizers, losses_of=losses_of, checkpoint=checkpoint, watch=watch)
    print(cost, flush=True)


if __name__ == '__main__':
    main()
