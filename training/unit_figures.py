"""What units say: information about the syllable and about the speaker, purity, against k-means on log-mel segment means.

    python unit_figures.py ../models/small

On unseen speakers, over the same live segments for both. I(unit; syllable) / H(syllable) and I(unit; speaker | syllable) are corrected
by what shuffled units give; 95 % intervals by leaving out one speaker at a time (drawing speakers twice would count their syllables twice,
which raises information). A segment's syllable is the one it overlaps most; syllables said fewer than --least times are left out.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from sklearn.cluster import MiniBatchKMeans

import segment
from batches import Utterance, load_shards
from evaluate import outputs_of
from export import rates_of, rules_of
from features import normalise

SHUFFLES = 5


def entropy(*labels: np.ndarray) -> float:
    """Joint entropy of label columns, bits."""
    _, counts = np.unique(np.stack(labels), axis=1, return_counts=True)
    p = counts / counts.sum()
    return float(-(p * np.log2(p)).sum())


def information(a: np.ndarray, b: np.ndarray) -> float:
    return entropy(a) + entropy(b) - entropy(a, b)


def shuffled_within(values: np.ndarray, groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """`values` shuffled among the members of each group."""
    out = values.copy()
    order = np.lexsort((rng.random(len(values)), groups))
    out[np.argsort(groups, kind='stable')] = values[order]
    return out


def figures(unit: np.ndarray, syllable: np.ndarray, speaker: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """Corrected I(unit; syllable) / H(syllable), and corrected I(unit; speaker | syllable) in bits."""
    about = information(unit, syllable)
    about -= np.mean([information(rng.permutation(unit), syllable) for _ in range(SHUFFLES)])

    def given(u: np.ndarray) -> float:
        return entropy(u, syllable) + entropy(speaker, syllable) - entropy(u, speaker, syllable) - entropy(syllable)

    who = given(unit) - np.mean([given(shuffled_within(unit, syllable, rng)) for _ in range(SHUFFLES)])
    return about / entropy(syllable), float(who)


def purities(unit: np.ndarray, syllable: np.ndarray) -> tuple[float, float]:
    """Syllable purity (a unit's commonest syllable) and cluster purity (a syllable's commonest unit), as the papers print them."""
    table = np.zeros((unit.max() + 1, syllable.max() + 1), np.int64)
    np.add.at(table, (unit, syllable), 1)
    return table.max(1).sum() / len(unit), table.max(0).sum() / len(unit)


def mel_vector(mel: np.ndarray, a: int, b: int) -> np.ndarray:
    """Mean log-mel of tokens [a, b), one token dropped on each side when there are 3 or more."""
    if b - a >= 3:
        a, b = a + 1, b - 1
    return mel[2 * a : 2 * b].astype(np.float32).mean(0)


def baseline_codebook(utterances: list[Utterance], count: int) -> MiniBatchKMeans:
    """k-means on log-mel means of training syllables."""
    rows = []
    for u in utterances:
        for a, b in np.round(u.syllables / 0.02).astype(int):
            if b > a and 2 * b <= len(u.mel):
                rows.append(mel_vector(u.mel, a, b))
    return MiniBatchKMeans(count, batch_size=4096, n_init=1, random_state=0).fit(np.array(rows))


def main() -> None:
    here = Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundle', type=Path)
    parser.add_argument('--data', type=Path, default=here / 'runs/data')
    parser.add_argument('--corpus', default='speechocean762')
    parser.add_argument('--split', default='test')
    parser.add_argument('--least', type=int, default=10)
    parser.add_argument('--rate', default='natural')
    parser.add_argument('--json', type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    config = json.loads((args.bundle / 'config.json').read_text())
    rate = next(r for r in rates_of(config) if r.name == args.rate)
    rules, e, book = rules_of(config), config['encoder'], load_file(args.bundle / 'codebook.safetensors')
    run = outputs_of(args.bundle, 'int8', False)
    M = config['units']['merged']
    train = load_shards(args.data, [args.corpus])
    kmeans = baseline_codebook(train[:: max(1, len(train) // 2500)], M)
    units, mels, syllables, speakers = [], [], [], []
    for u in load_shards(args.data, [args.corpus], args.split):
        mel = torch.from_numpy(np.asarray(u.mel, np.float32))
        out = run(normalise(mel, config['mel']['mean'], config['mel']['std']))
        chunks = {'chunk': e['chunkTokens'], 'delay': e['delayTokens']}
        cuts, _, _ = segment.live(segment.costs(out['features'], rules), out['boundary'], rate, rules, **chunks)
        pause = segment.pauses(out['speech'], cuts)
        ids = book['units'][segment.nearest(segment.segment_vectors(out['features'], cuts, 1), book['centroids'])]
        for k, (a, b) in enumerate(zip(cuts[:-1], cuts[1:], strict=True)):
            overlap = np.minimum(u.syllables[:, 1], b * 0.02) - np.maximum(u.syllables[:, 0], a * 0.02)
            if not pause[k] and overlap.max() > 0:
                units.append(ids[k])
                mels.append(mel_vector(u.mel, a, b))
                syllables.append(u.labels[int(overlap.argmax())])
                speakers.append(u.speaker)
    names, counts = np.unique(syllables, return_counts=True)
    keep = np.isin(syllables, names[counts >= args.least])
    unit, base = np.array(units)[keep], kmeans.predict(np.array(mels))[keep] + 1
    syllable = np.unique(np.array(syllables)[keep], return_inverse=True)[1]
    speaker = np.unique(np.array(speakers)[keep], return_inverse=True)[1]
    print(f'{len(unit)} segments, {syllable.max() + 1} syllables, {speaker.max() + 1} speakers, {M} units')
    table = {}
    for name, labels in (('small', unit), ('k-means on log-mel', base)):
        rng = np.random.default_rng(0)
        info, who = figures(labels, syllable, speaker, rng)
        without = [figures(labels[speaker != s], syllable[speaker != s], speaker[speaker != s], rng) for s in range(speaker.max() + 1)]
        error = np.std(without, axis=0) * np.sqrt(speaker.max())  # the jackknife's standard error
        low, high = np.array([info, who]) - 1.96 * error, np.array([info, who]) + 1.96 * error
        of_unit, of_syllable = purities(labels, syllable)
        table[name] = {
            'information_about_syllable': info,
            'interval': [low[0], high[0]],
            'speaker_bits_given_syllable': who,
            'speaker_interval': [low[1], high[1]],
            'syllable_purity': of_unit,
            'cluster_purity': of_syllable,
        }
        print(
            f'{name}: I(unit; syllable)/H {info:.3f} [{low[0]:.3f}, {high[0]:.3f}], I(unit; speaker | syllable) {who:.3f} '
            f'[{low[1]:.3f}, {high[1]:.3f}] bits, syllable purity {of_unit:.3f}, cluster purity {of_syllable:.3f}',
            flush=True,
        )
    if args.json:
        args.json.write_text(json.dumps(table, indent=1) + '\n')


if __name__ == '__main__':
    main()
