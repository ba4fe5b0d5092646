"""The codebook of a bundle: what names segments. As a command, a new one for a finished bundle.

    python -m bundle.codebook ../models/small --version 1.1.0

Segments of training speech are cut as they ship, at the natural rate; each is taught the syllable that it overlaps most (model/prototypes.py).
Every other utterance is heard as another microphone, room and throat might have given it.
`clustered` is the papers' way, k-means and Ward's merge, which needs no label. Dial and weights stay; golden/, config.json, manifest and
card are written anew, and a language model is taken out, because its units are gone.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from sklearn.cluster import AgglomerativeClustering, MiniBatchKMeans

from bundle.config_json import natural, rules_of
from bundle.export import write_golden
from bundle.lm_part import remove_lm
from bundle.manifest import read_about
from bundle.read import read_bundle
from bundle.rebundle import update_bundle
from config import load_config
from data.batches import Utterance, augment, load_shards
from data.mel import read_audio
from data.places import RUNS
from data.shards import cmu_syllable
from model.bottleneck import merge_alike
from model.encoder import Encoder
from model.prototypes import Prototypes, classes, merge, taught
from segment import segmenter
from segment.overlap import most_overlapped
from stage.encode import encode_many

Codebook = dict[str, np.ndarray]  # the tensors of codebook.safetensors


@dataclass
class Spoken:
    """Segments of training speech that are no pause: vectors (n, D), standardised; the syllable of each; the corpus of each."""

    vectors: np.ndarray
    syllables: list[str]
    corpora: list[str]


def changed(u: Utterance, number: int) -> Utterance:
    """Every other utterance augmented, by its number."""
    return replace(u, mel=augment(np.asarray(u.mel, np.float32), np.random.default_rng(number))) if number % 2 else u


def spoken_segments(
    model: Encoder, utterances: list[Utterance], mel: tuple[float, float], rate: segmenter.Rate, rules: segmenter.Rules, trim: int = 1
) -> Spoken:
    """Chunk-causal features cut by the full search."""
    rows, syllables, corpora = [], [], []
    for at in range(0, len(utterances), 96):
        part = [changed(u, at + k) for k, u in enumerate(utterances[at : at + 96])]
        for u, o in zip(part, encode_many(model, part, mel, model.cfg.chunk_tokens, True), strict=True):
            cuts = segmenter.search(segmenter.costs(o['features'], rules), o['boundary'], rate, rules)
            of = most_overlapped(cuts, u.syllables)
            kept = ~segmenter.pauses(o['speech'], cuts) & (of >= 0)
            rows.append(segmenter.segment_vectors(o['features'], cuts, trim)[kept].astype(np.float32))
            syllables += [cmu_syllable(u.labels[k]) for k in of[kept]]
            corpora += [u.corpus] * int(kept.sum())
        if at % 960 == 0:
            print(f'{len(corpora)} segments of {at + len(part)} of {len(utterances)} utterances', flush=True)
    return Spoken(np.concatenate(rows), syllables, corpora)


def sizes(segments: int, centroids: int, merged: int) -> tuple[int, int]:
    """K and M, never above one centroid per 80 segments and 500 occurrences a unit: fewer teach no mean."""
    K = max(2, min(centroids, segments // 80))
    return K, max(2, min(merged, segments // 500, K))


def clustered(vectors: np.ndarray, centroids: int, merged: int, seed: int = 0) -> Codebook:
    """k-means, then Ward's merge of the centroids."""
    K, M = sizes(len(vectors), centroids, merged)
    kmeans = MiniBatchKMeans(K, batch_size=8192, n_init=1, max_iter=12, random_state=seed, reassignment_ratio=0.005).fit(vectors)
    c = kmeans.cluster_centers_.astype(np.float16)
    table = AgglomerativeClustering(M).fit_predict(c.astype(np.float32)) + 1
    return {'centroids': c, 'units': table.astype(np.int32)}


def taught_codebook(spoken: Spoken, centroids: int, merged: int, seed: int = 0) -> Codebook:
    """Projection head and prototypes, then their merge."""
    K, _ = sizes(len(spoken.vectors), centroids, merged)
    return merged_codebook(taught(spoken.vectors, classes(spoken.syllables, K), corpus_odds(spoken), seed=seed), spoken, merged)


def corpus_odds(spoken: Spoken) -> np.ndarray:
    """How much each segment counts, (n,): a corpus by the square root of its size, so a voice of many hours is no law."""
    _, of, counts = np.unique(spoken.corpora, return_inverse=True, return_counts=True)
    return counts[of] ** -0.5


def tensors_of(model: Prototypes) -> Codebook:
    """A projection head and prototypes as a bundle holds them."""
    projection = {name: value.numpy().astype(np.float16) for name, value in model.state_dict().items() if name.startswith('projection.')}
    return projection | {'centroids': model.prototypes.detach().numpy().astype(np.float16)}


def merged_codebook(model: Prototypes, spoken: Spoken, merged: int) -> Codebook:
    """A projection head and prototypes that are taught, merged to at most `merged` units by how often each is met in `spoken`."""
    odds = corpus_odds(spoken)
    _, M = sizes(len(spoken.vectors), len(model.prototypes), merged)
    tensors = tensors_of(model)
    nearest = segmenter.nearest(segmenter.projected(spoken.vectors, tensors), tensors['centroids'])
    said = np.bincount(nearest, odds, minlength=len(tensors['centroids'])) * len(odds) / odds.sum()  # segments of each
    return tensors | {'units': (merge(tensors['centroids'], said, min(M, len(said))) + 1).astype(np.int32)}


def steady_codebook(model: Prototypes, joint: np.ndarray, merged: int) -> Codebook:
    """The same, merged by what names become when speech is changed: joint (K, K) of bundle/confusions.py."""
    return tensors_of(model) | {'units': (merge_alike(joint, min(merged, len(joint))) + 1).astype(np.int32)}


def with_bits(dial: dict, units: int) -> dict:
    """What measure/dial.py measured, with the bits a second that another number of units makes of the same rates."""
    return {name: {rate: r | {'bits': round(r['hz'] * math.log2(units), 4)} for rate, r in rates.items()} for name, rates in dial.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundle', type=Path)
    parser.add_argument('--config', default='small', help='whose numbers of centroids and units')
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--corpora', nargs='*')
    parser.add_argument('--clustered', action='store_true', help='k-means and its merge, without the syllables')
    parser.add_argument('--version')
    args = parser.parse_args()
    settings = load_config(args.config)
    model, config, _ = read_bundle(args.bundle)
    mel = (config['mel']['mean'], config['mel']['std'])
    spoken = spoken_segments(model, load_shards(args.data, args.corpora), mel, natural(config), rules_of(config), config['units']['trimTokens'])
    if args.clustered:
        codebook = clustered(spoken.vectors, settings.centroids, settings.merged)
    else:
        codebook = taught_codebook(spoken, settings.centroids, settings.merged)
    config['units'] |= {'centroids': len(codebook['centroids']), 'merged': int(codebook['units'].max())}
    print(f'{len(spoken.vectors)} segments, {config["units"]}')
    config['units'].pop('confidence', None)  # what units stand for and how sure that is: bundle/unit_cards.py, measure/confidence.py
    (args.bundle / 'units.json').unlink(missing_ok=True)
    remove_lm(args.bundle)
    save_file(codebook, args.bundle / 'codebook.safetensors')
    write_golden(args.bundle, model, config, codebook, read_audio(args.bundle / 'golden/speech.wav'))
    dial = read_about(args.bundle)['metrics'].get('dial', {})
    changes = {'metrics': {'dial': with_bits(dial, config['units']['merged'])}} if dial else {}
    update_bundle(args.bundle, config, changes | ({'version': args.version} if args.version else {}))


if __name__ == '__main__':
    main()
