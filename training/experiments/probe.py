"""`probe`: what a linear classifier reads off frozen features: phones of unseen speakers, and who speaks.

    python -m experiments.probe runs/ssl/small/pretrain.pt            every layer of a masked autoencoder
    python -m experiments.probe runs/ssl/small/pretrain.pt mel random --layers -1
    python -m experiments.probe ../models/small                       a bundle's features, its chunk and delay as they ship

`mel` probes the log-mel tokens themselves, `random` an untrained network of `--config`: what the training has to beat. Phones: multinomial
logistic regression on 20 ms tokens, trained on some training speakers, scored on the development speakers of the same corpus. Speakers: on the mean
over a recording's tokens; every fourth recording of a speaker is scored, the others train. The labels serve to measure and for nothing else.

Patch tokens: the eight of a time step together (8 D numbers) stand for each of its eight 20 ms tokens, with a classifier for each of the
eight places; so patches are not asked to say less than they hold.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from bundle.read import read_bundle
from config import load_config
from data.batches import Utterance, load_shards, thinned
from data.mel import CENTRE, TOKEN
from data.places import RUNS
from model.encoder import encode
from model.mae import BANDS, MaeConfig, MaskedAutoencoder
from stage.checkpoint import load_mae
from stage.precision import mixed

Features = Callable[[Tensor], list[Tensor]]  # log-mel (2T, 128) -> (T, D) of each layer


def network_features(model: MaskedAutoencoder, mel: tuple[float, float], layers: list[int], amp: bool) -> Features:
    """Features of the chosen layers with whole context; patches of one step side by side, (T, 8 D)."""

    @torch.no_grad()
    def run(x: Tensor) -> list[Tensor]:
        frames = len(x) // 16 * 16 if model.mae.tokens == 'patch' else len(x) // 2 * 2
        x = (0.5 * (x[:frames] - mel[0]) / mel[1])[None]
        with mixed('cpu', amp):
            out = model.features(x)
        chosen = [out[layer][0].float() for layer in layers]
        if model.mae.tokens == 'frame':
            return chosen
        return [h.reshape(len(h) // BANDS, -1).repeat_interleave(BANDS, 0) for h in chosen]

    return run


def features_of(name: str, layers: list[int] | None, config: str, amp: bool) -> tuple[list[str], Features, int]:
    """What the command line names -> names of its layers, the function, and the places of a step (8 for patches, else 1)."""
    if name == 'mel':
        return ['mel'], lambda x: [x[: len(x) // 2 * 2].reshape(-1, 256)], 1
    if name == 'random':
        torch.manual_seed(0)
        model, mel = MaskedAutoencoder(load_config(config).encoder, MaeConfig()).eval(), (-8.0, 4.0)
    elif Path(name).is_dir():
        network, c, _ = read_bundle(Path(name))
        m = c['mel']
        return ['features'], lambda x: [encode(network, 0.5 * (x - m['mean']) / m['std'], network.cfg.chunk_tokens)['features']], 1
    else:
        model, mel, _ = load_mae(Path(name))
    depth = model.cfg.layers + 1
    chosen = [layer % depth for layer in (layers or range(depth))]
    names = ['norm' if layer == depth - 1 else f'block {layer}' for layer in chosen]
    return names, network_features(model, mel, chosen, amp), BANDS if model.mae.tokens == 'patch' else 1


def phone_labels(u: Utterance, tokens: int) -> np.ndarray:
    """The phone at the centre of each token; silence after the last."""
    centre = np.arange(tokens) * TOKEN + CENTRE
    k = np.minimum(np.searchsorted(u.phone_ends, centre), len(u.phone_ends) - 1)
    return np.where(centre < u.phone_ends[-1], u.phone_class[k], 0)


def logistic(x: Tensor, y: Tensor, test: Tensor, classes: int, decay: float = 1e-3, steps: int = 60) -> Tensor:
    """Multinomial logistic regression by L-BFGS on standardised features; returns the predicted classes of `test`."""
    mean, std = x.mean(0), x.std(0).clamp(min=1e-5)
    x, test = (x - mean) / std, (test - mean) / std
    w, b = torch.zeros(x.shape[1], classes, requires_grad=True), torch.zeros(classes, requires_grad=True)
    optimizer = torch.optim.LBFGS([w, b], max_iter=steps, history_size=8, line_search_fn='strong_wolfe')

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(x @ w + b, y) + decay * w.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    with torch.no_grad():
        return (test @ w + b).argmax(1)


def probe_phones(run: Features, train: list[Utterance], test: list[Utterance], places: int, classes: int) -> list[float]:
    """Accuracy of each layer over the tokens of `test`."""

    def table(us: list[Utterance]) -> tuple[list[Tensor], Tensor, Tensor]:
        rows = [run(torch.from_numpy(np.asarray(u.mel, np.float32))) for u in us]
        labels = [torch.from_numpy(phone_labels(u, len(r[0]))) for u, r in zip(us, rows, strict=True)]
        place = torch.cat([torch.arange(len(y)) % places for y in labels])
        return [torch.cat(column) for column in zip(*rows, strict=True)], torch.cat(labels), place

    (x, y, at), (tx, ty, tat) = table(train), table(test)
    scores = []
    for a, b in zip(x, tx, strict=True):
        right = [(logistic(a[at == p], y[at == p], b[tat == p], classes) == ty[tat == p]).float() for p in range(places)]
        scores.append(float(torch.cat(right).mean()))
    return scores


def probe_speakers(run: Features, us: list[Utterance]) -> list[float]:
    """Accuracy of each layer over every fourth recording of a speaker."""
    names = sorted({u.speaker for u in us})
    rows = [[h.mean(0) for h in run(torch.from_numpy(np.asarray(u.mel, np.float32)))] for u in us]
    y = torch.tensor([names.index(u.speaker) for u in us])
    seen: dict[str, int] = {}
    held = torch.tensor([(seen.update({u.speaker: seen.get(u.speaker, -1) + 1}) or seen[u.speaker]) % 4 == 3 for u in us])
    scores = []
    for column in zip(*rows, strict=True):
        x = torch.stack(column)
        scores.append(float((logistic(x[~held], y[~held], x[held], len(names)) == y[held]).float().mean()))
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', nargs='+', help='checkpoints of recipes/label_free/pretrain.py, bundles, "mel", "random"')
    parser.add_argument('--data', type=Path, default=RUNS / 'data', help='shards of data/shards.py, with times')
    parser.add_argument('--corpus', default='speechocean762')
    parser.add_argument('--layers', type=int, nargs='*', help='0 is the first block, -1 the final norm (default: all)')
    parser.add_argument('--config', default='small', help='size of "random"')
    parser.add_argument('--train', type=int, default=240, help='recordings that the phone probe trains on')
    parser.add_argument('--test', type=int, default=120)
    parser.add_argument('--speakers', type=int, default=60)
    parser.add_argument('--no-amp', action='store_true')
    parser.add_argument('--json', type=Path)
    args = parser.parse_args()
    train, dev = load_shards(args.data, [args.corpus], 'train'), load_shards(args.data, [args.corpus], 'dev')
    who = sorted({u.speaker for u in train})[: args.speakers]
    spoken, classes = [u for u in train if u.speaker in who], 1 + max(int(u.phone_class.max()) for u in train)
    table = {}
    print(f'phones: {classes} classes, {len({u.speaker for u in dev})} unseen speakers; speakers: {len(who)}\n')
    print('| features | layer | phones | speakers | s |\n| --- | --- | --- | --- | --- |')
    for what in args.what:
        started = time.time()
        names, run, places = features_of(what, args.layers, args.config, not args.no_amp)
        phones = probe_phones(run, thinned(train, args.train), thinned(dev, args.test), places, classes)
        speakers = probe_speakers(run, spoken)
        label = '/'.join(Path(what).parts[-2:])
        for name, a, b in zip(names, phones, speakers, strict=True):
            print(f'| {label} | {name} | {a:.3f} | {b:.3f} | {time.time() - started:.0f} |', flush=True)
            table[f'{label} {name}'] = {'phones': a, 'speakers': b}
    if args.json:
        args.json.write_text(json.dumps(table, indent=1) + '\n')


if __name__ == '__main__':
    main()
