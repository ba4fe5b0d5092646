"""`losspred`: first syllable boundaries without a label, from the masked autoencoder's own losses (SyllableLM, Baade et al., ICLR 2025).

    python -m recipes.label_free.losspred --run runs/ssl/small                      all training recordings -> RUN/losspred.jsonl
    python -m recipes.label_free.losspred --run runs/ssl/small --loss cluster   the paper's form: cross-entropy of cluster labels of its own features
    python -m recipes.label_free.losspred --run runs/ssl/small --hours 1 --stride 2 --spacing 102

A span of 51 tokens is hidden around every centre. Its left half is said from what is visible on the left, its right half from the right; so
loss of token c goes to row r, the nearest visible token on c's side. exp(-loss) is an affinity: high where r and c belong together. Boundaries are
the normalised min-cut of that band matrix into a number of segments fixed by the duration.

Many spans go through the network at once, `--spacing` tokens apart: spacing / stride passes a recording whatever its length.
Only sounding stretches are cut (by level, `evaluate.sounding`, as the paper drops silence); their ends are boundaries too.

Letters: T tokens, K segments, R = half a span.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numba import njit
from sklearn.cluster import MiniBatchKMeans
from torch import Tensor, nn
from tqdm import tqdm

from data.batches import Batches, Utterance, some_hours
from data.mel import EDGE, TOKEN
from data.places import RUNS
from data.untimed import audio_shards
from model.mae import MaskedAutoencoder, draw_mask
from segment.baselines import sounding
from stage.checkpoint import load_mae, save
from stage.cost import Cost, forward_flop
from stage.precision import mixed

SPAN = 51  # tokens; the paper's, about a second
LONGEST = 50  # tokens of a segment
CLUSTERS = 200


@njit(cache=True)
def block_sums(affinity: np.ndarray) -> np.ndarray:
    """(T, T) -> sums over everything above and left, (T + 1, T + 1)."""
    T = len(affinity)
    total = np.zeros((T + 1, T + 1))
    for r in range(T):
        for c in range(T):
            total[r + 1, c + 1] = affinity[r, c] + total[r, c + 1] + total[r + 1, c] - total[r, c]
    return total


@njit(cache=True)
def _block(total, r0, r1, c0, c1):
    return total[r1, c1] - total[r0, c1] - total[r1, c0] + total[r0, c0]


@njit(cache=True)
def cut_cost(total: np.ndarray, a: int, b: int, band: int) -> float:
    """cut / (cut + inside + 1e-5) of the segment [a, b): inside its own block, cut the four blocks beside it within the band."""
    T = len(total) - 1
    low, high = max(0, a - band), min(T, b + band)
    inside = _block(total, a, b, a, b)
    cut = _block(total, a, b, low, a) + _block(total, low, a, a, b) + _block(total, b, high, a, b) + _block(total, a, b, b, high)
    return cut / (cut + inside + 1e-5)


@njit(cache=True)
def min_cut(total: np.ndarray, first: int, last: int, count: int, shortest: int, longest: int, band: int) -> np.ndarray:
    """The edges (count + 1,) of the cheapest division of [first, last) into `count` segments; ties go to the earlier start. Empty: impossible."""
    n = last - first
    best = np.full((count + 1, n + 1), np.inf)
    back = np.full((count + 1, n + 1), -1, np.int64)
    cost = np.full((n + 1, longest + 1), np.inf)
    for t in range(shortest, n + 1):
        for k in range(shortest, min(longest, t) + 1):
            cost[t, k] = cut_cost(total, first + t - k, first + t, band)
    best[0, 0] = 0.0
    for j in range(1, count + 1):
        for t in range(shortest, n + 1):
            for start in range(max(0, t - longest), t - shortest + 1):
                value = best[j - 1, start] + cost[t, t - start]
                if value < best[j, t]:
                    best[j, t] = value
                    back[j, t] = start
    if best[count, n] == np.inf:
        return np.empty(0, np.int64)
    edges = np.empty(count + 1, np.int64)
    edges[count] = last
    at = n
    for j in range(count, 0, -1):
        at = back[j, at]
        edges[j - 1] = first + at
    return edges


def attribute(losses: np.ndarray, centres: np.ndarray, span: int) -> np.ndarray:
    """Losses (centres, T), NaN where a token was visible -> the matrix C (T, T), NaN where it says nothing.

    Tokens left of a span's centre go to the row of the last visible token before the span, the others to the first one behind it. Rows of
    centres that were left out (a stride above 1) take the value of the nearest row for the same token.
    """
    T, R = losses.shape[1], span // 2
    matrix = np.full((T, T), np.nan)
    for row, m in zip(losses, centres, strict=True):
        left, right = m - R - 1, m + R + 1
        if left >= 0:
            matrix[left, max(0, m - R) : min(m, T)] = row[max(0, m - R) : min(m, T)]
        if right < T:
            matrix[right, max(0, m) : right] = row[max(0, m) : right]
    return matrix


def fill_rows(matrix: np.ndarray, stride: int, span: int) -> np.ndarray:
    """Fills the rows that a stride left out, each entry from the nearest known row on the same side of the diagonal."""
    if stride == 1:
        return matrix
    T, R = len(matrix), span // 2
    out = matrix.copy()
    for r, c in np.argwhere(np.isnan(matrix)):
        if r == c or abs(r - c) > R + 1:
            continue
        for step in range(1, stride):
            near = [q for q in (r - step, r + step) if 0 <= q < T and (q < c) == (r < c) and q != c and not np.isnan(matrix[q, c])]
            if near:
                out[r, c] = matrix[near[0], c]
                break
    return out


def affinity_of(matrix: np.ndarray) -> np.ndarray:
    """exp(-C); nothing outside the band and on the diagonal (the paper's floor of log-probability -100)."""
    return np.exp(-np.nan_to_num(matrix, nan=100.0))


class Scorer:
    """Losses of hidden tokens: the network's own (`nce`, `mse`, or both) or a small head's cross-entropy of cluster labels."""

    def __init__(self, model: MaskedAutoencoder, mel: tuple[float, float], kind: str, amp: bool):
        if model.mae.tokens != 'frame':
            raise ValueError(f'expected a network of frame tokens, got {model.mae.tokens} tokens: a patch has no 20 ms of its own')
        self.model, self.mel, self.kind, self.amp = model, mel, kind, amp
        self.centroids = torch.zeros(0)
        self.head: nn.Module | None = None
        self.scale = 1.0  # mean squared error that counts as one

    def normal(self, u: Utterance) -> Tensor:
        x = torch.from_numpy(np.asarray(u.mel[: len(u.mel) // 2 * 2], np.float32))
        return 0.5 * (x - self.mel[0]) / self.mel[1]

    @torch.no_grad()
    def labels(self, x: Tensor) -> Tensor:
        """Cluster of each token, (T,): of the features with everything visible."""
        with mixed('cpu', self.amp):
            h = self.model.features(x[None])[-1][0].float()
        return torch.cdist(h, self.centroids).argmin(1)

    @torch.no_grad()
    def losses(self, x: Tensor, hidden: Tensor) -> Tensor:
        """x (2T, 128), hidden (variants, T) -> losses (variants, T), NaN where visible."""
        sound = x.expand(len(hidden), -1, -1)
        out = torch.full(hidden.shape, torch.nan)
        labels = self.labels(x) if self.kind == 'cluster' else None
        with mixed('cpu', self.amp):
            if labels is not None:
                at, said, _ = self.model.decode(sound, hidden)
                logits = self.head(said).float()
                truth = labels[at.clamp(max=len(labels) - 1)]
                values = F.cross_entropy(logits.transpose(1, 2), truth, reduction='none')
            else:
                got = self.model(sound, hidden)
                at = got['at']
                parts = {'nce': [got['nce']], 'mse': [got['mse'] / self.scale], 'both': [got['nce'], got['mse'] / self.scale]}[self.kind]
                values = torch.stack(parts).sum(0) / len(parts)
        real = at < hidden.shape[1]
        row = torch.arange(len(hidden))[:, None].expand_as(at)
        out[row[real], at[real]] = values[real]
        return out

    def squared_error(self, utterances: list[Utterance]) -> float:
        """Mean squared error of hidden spans, by itself."""
        alone = Scorer(self.model, self.mel, 'mse', self.amp)
        values = [alone.losses(x, spans_hidden(len(x) // 2, SPAN, 3 * SPAN, SPAN)[1]) for x in map(self.normal, utterances)]
        return float(torch.cat([v.flatten() for v in values]).nanmean())

    def fit(self, utterances: list[Utterance], clusters: int, steps: int, seed: int) -> str:
        """Learns what its kind needs: the scale of the squared error, or clusters and the head. Returns a line about it."""
        rng = np.random.default_rng(seed)
        some = [utterances[k] for k in rng.permutation(len(utterances))[:400]]
        if self.kind == 'mse' or self.kind == 'both':
            self.scale = self.squared_error(some[:20])
            return f'mean squared error of hidden spans: {self.scale:.3f}'
        if self.kind != 'cluster':
            return 'own losses'
        with torch.no_grad(), mixed('cpu', self.amp):
            rows = [self.model.features(self.normal(u)[None])[-1][0].float()[::2] for u in some]
        kmeans = MiniBatchKMeans(clusters, batch_size=4096, n_init=1, max_iter=20, random_state=seed).fit(torch.cat(rows).numpy())
        self.centroids = torch.from_numpy(kmeans.cluster_centers_).float()
        return self.fit_head(utterances, clusters, steps, seed)

    def fit_head(self, utterances: list[Utterance], clusters: int, steps: int, seed: int) -> str:
        """One linear layer on what the decoder says of hidden spans; the network stays as it is."""
        torch.manual_seed(seed)
        self.head = nn.Linear(self.model.cfg.width, clusters)
        optimizer = torch.optim.AdamW(self.head.parameters(), lr=3e-3)
        batches = Batches(utterances, *self.mel, seed=seed, plain=1.0)
        spans, total = replace(self.model.mae, mask='span', ratio=0.4), 0.0
        for step in range(steps):
            x = torch.from_numpy(batches.audio(step, 8, 200))
            hidden = torch.from_numpy(draw_mask(spans, np.random.default_rng((seed, step)), 8, 200))
            with torch.no_grad(), mixed('cpu', self.amp):
                at, said, _ = self.model.decode(x, hidden)
                labels = torch.cdist(self.model.features(x)[-1].float(), self.centroids).argmin(2)
            loss = F.cross_entropy(self.head(said.float()).flatten(0, 1), labels.gather(1, at).flatten())
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            total = loss.item() if step == 0 else 0.95 * total + 0.05 * loss.item()
        return f'head on {clusters} clusters: {total:.3f} nats, chance {np.log(clusters):.3f}'


def spans_hidden(tokens: int, span: int, spacing: int, stride: int) -> tuple[list[np.ndarray], Tensor]:
    """Centres from -R to T + R, every `stride`-th, spread over variants so that those of one variant lie `spacing` apart.

    Returns the centres of each variant, and what is hidden (variants, T). Visible tokens between two spans: spacing - span.
    """
    if spacing <= span:
        raise ValueError(f'--spacing: expected more than the span of {span} tokens, got {spacing}')
    R = span // 2
    centres = [np.arange(first, tokens + R, spacing) for first in range(-R, -R + spacing, stride)]
    centres = [c for c in centres if len(c)]
    hidden = torch.zeros(len(centres), tokens, dtype=torch.bool)
    for row, some in zip(hidden, centres, strict=True):
        for m in some:
            row[max(0, m - R) : m + R + 1] = True
    return centres, hidden


def loss_matrix(scorer: Scorer, x: Tensor, span: int, spacing: int, stride: int, batch: int = 32) -> np.ndarray:
    """x (2T, 128) normalised -> C (T, T)."""
    T = len(x) // 2
    centres, hidden = spans_hidden(T, span, spacing, stride)
    keep = (~hidden).any(1)  # a recording shorter than a span may be hidden whole
    centres, hidden = [c for c, k in zip(centres, keep, strict=True) if k], hidden[keep]
    rows, middles = [], []
    for at in range(0, len(hidden), batch):
        losses = scorer.losses(x, hidden[at : at + batch]).numpy()
        for row, some in zip(losses, centres[at : at + batch], strict=True):
            rows += [row] * len(some)
            middles += list(some)
    return fill_rows(attribute(np.array(rows).reshape(-1, T), np.array(middles, int), span), stride, span)


def stretches(mel: Tensor, tokens: int) -> list[tuple[int, int]]:
    """Sounding stretches in tokens, [a, b)."""
    found = [(round((a - EDGE) / TOKEN), round((b - EDGE) / TOKEN)) for a, b in sounding(mel)]
    return [(max(0, a), min(tokens, b)) for a, b in found if min(tokens, b) - max(0, a) >= 3]


def boundaries_of(matrix: np.ndarray, parts: list[tuple[int, int]], per_second: float, shortest: int, band: int) -> list[int]:
    """Token indices of all boundaries: each stretch is cut into `per_second` segments a second, at least one."""
    total = block_sums(affinity_of(matrix))
    out: set[int] = set()
    for a, b in parts:
        count = max(1, round((b - a) * TOKEN * per_second), -(-(b - a) // LONGEST))
        edges = min_cut(total, a, b, min(count, (b - a) // shortest), shortest, LONGEST, band)
        out |= {int(e) for e in edges} if len(edges) else {a, b}
    return sorted(out)


def seconds(tokens: list[int]) -> list[float]:
    return [round(TOKEN * t + EDGE, 4) if t else 0.0 for t in tokens]


def write_edges(path: Path, rows: list[dict]) -> None:
    """RUN/*.jsonl: corpus, id, edges (seconds) of each recording: what `sylboost --labels` reads."""
    temporary = path.with_suffix('.tmp')
    temporary.write_text(''.join(json.dumps(row) + '\n' for row in rows))
    temporary.replace(path)


def scorer_from(path: Path, kind: str, amp: bool, fitted: dict | None) -> Scorer:
    model, mel, _ = load_mae(path)
    scorer = Scorer(model, mel, kind, amp)
    if fitted:
        scorer.scale, scorer.centroids = fitted['scale'], fitted['centroids']
        if kind == 'cluster':
            scorer.head = nn.Linear(model.cfg.width, len(scorer.centroids))
            scorer.head.load_state_dict(fitted['head'])
    return scorer


def arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument('--loss', choices=('nce', 'mse', 'both', 'cluster'), default='both')
    parser.add_argument('--span', type=int, default=SPAN, help='hidden tokens of a span, odd')
    parser.add_argument('--spacing', type=int, default=150, help='tokens from one span to the next in one pass')
    parser.add_argument('--stride', type=int, default=1, help='every so many centres; rows between take the nearest')
    parser.add_argument('--per-second', type=float, default=6.25, help='segments a second of sounding speech (the paper: 1 / 0.16)')
    parser.add_argument('--shortest', type=int, default=3, help='tokens of the shortest segment')
    parser.add_argument('--clusters', type=int, default=CLUSTERS, help='of the features, for --loss cluster')
    parser.add_argument('--head-steps', type=int, default=300)
    return parser


def main() -> None:
    parser = arguments(argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter))
    parser.add_argument('--run', type=Path, default=RUNS / 'ssl/small', help='folder with pretrain.pt')
    parser.add_argument('--data', type=Path, default=RUNS / 'audio')
    parser.add_argument('--corpora', nargs='*')
    parser.add_argument('--hours', type=float, default=100, help='at most so much speech, a random choice')
    parser.add_argument('--seconds', type=float, default=12, help='longer recordings are left out')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--resume', action='store_true', help='keep what RUN/losspred.jsonl has')
    parser.add_argument('--no-amp', action='store_true')
    args = parser.parse_args()
    if args.span % 2 == 0:
        raise SystemExit(f'--span: expected an odd number of tokens, got {args.span}')
    out, kept = args.run / 'losspred.jsonl', args.run / f'losspred-{args.loss}.pt'
    rows = [json.loads(line) for line in out.open()] if args.resume and out.exists() else []
    utterances = [u for u in audio_shards(args.data, args.corpora, 'train') if len(u.mel) <= 100 * args.seconds]
    chosen = some_hours(utterances, args.hours, args.seed)
    fitted = torch.load(kept, weights_only=True) if args.resume and kept.exists() else None
    scorer, cost = scorer_from(args.run / 'pretrain.pt', args.loss, not args.no_amp, fitted), Cost()
    if fitted is None:
        print(scorer.fit(utterances, args.clusters, args.head_steps, args.seed), flush=True)
        head = scorer.head.state_dict() if scorer.head else {}
        save(kept, {'scale': scorer.scale, 'centroids': scorer.centroids, 'head': head})
    done, cfg, saved = {(r['corpus'], r['id']) for r in rows}, scorer.model.cfg, time.time()
    for u in tqdm([u for u in chosen if (u.corpus, u.uid) not in done], desc='losspred', disable=None):
        x = scorer.normal(u)
        T = len(x) // 2
        matrix = loss_matrix(scorer, x, args.span, args.spacing, args.stride)
        parts = stretches(torch.from_numpy(np.asarray(u.mel, np.float32)), T)
        found = boundaries_of(matrix, parts, args.per_second, args.shortest, args.span // 2 + 2)
        rows.append({'corpus': u.corpus, 'id': u.uid, 'edges': seconds(found)})
        passes = -(-args.spacing // args.stride)
        cost.add(passes * (forward_flop(cfg, T, T) + forward_flop(cfg, T, T, scorer.model.mae.decoder_layers)), T * TOKEN)
        if time.time() - saved > 60:
            write_edges(out, rows)
            saved = time.time()
    write_edges(out, rows)
    print(f'{len(rows)} recordings, {np.mean([len(r["edges"]) for r in rows]):.1f} boundaries each; {cost}', flush=True)


if __name__ == '__main__':
    main()
