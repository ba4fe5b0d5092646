"""What units say: information about the syllable and about the speaker, purity, and the same word said by two speakers, against k-means
on log-mel segment means.

    python -m measure.unit_figures ../models/small

On unseen speakers, over the same live segments and with as many units for both. I(unit; syllable) / H(syllable) and
I(unit; speaker | syllable) are corrected by what shuffled units give; 95 % intervals by a bootstrap over speakers, the correction within
each draw (a speaker drawn twice counts twice in both): 1.96 standard deviations for information, percentiles for average precision. The
lead of one way over the other has an interval of its own, over the same draws. A segment's syllable is the one it overlaps most;
syllables said fewer than --least times are left out of the information. Average precision: measure/same_word.py.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from sklearn.cluster import MiniBatchKMeans

from bundle.config_json import rates_of, rules_of
from bundle.outputs import outputs_of
from data.batches import Utterance, load_shards
from data.mel import TOKEN, normalise
from data.places import RUNS
from measure.same_word import LETTERS, SpokenWord, average_precision
from segment import segmenter
from segment.overlap import most_overlapped

SHUFFLES = 5
SYSTEMS = ('small', 'k-means on log-mel')


def entropy(*labels: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Joint entropy of label columns, bits; weights say how often each row counts."""
    code = np.zeros(len(labels[0]), np.int64)
    for column in labels:
        code = code * (int(column.max()) + 1) + column
    counts = np.bincount(np.unique(code, return_inverse=True)[1], weights)
    p = counts[counts > 0] / counts.sum()
    return float(-(p * np.log2(p)).sum())


def information(a: np.ndarray, b: np.ndarray, weights: np.ndarray | None = None) -> float:
    return entropy(a, weights=weights) + entropy(b, weights=weights) - entropy(a, b, weights=weights)


def shuffled_within(values: np.ndarray, groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """`values` shuffled among the members of each group."""
    out = values.copy()
    order = np.lexsort((rng.random(len(values)), groups))
    out[np.argsort(groups, kind='stable')] = values[order]
    return out


def figures(
    unit: np.ndarray, syllable: np.ndarray, speaker: np.ndarray, rng: np.random.Generator, weights: np.ndarray | None = None
) -> tuple[float, float]:
    """Corrected I(unit; syllable) / H(syllable), and corrected I(unit; speaker | syllable) in bits."""
    about = information(unit, syllable, weights)
    about -= np.mean([information(rng.permutation(unit), syllable, weights) for _ in range(SHUFFLES)])
    known = entropy(speaker, syllable, weights=weights) - entropy(syllable, weights=weights)

    def given(u: np.ndarray) -> float:
        return entropy(u, syllable, weights=weights) + known - entropy(u, speaker, syllable, weights=weights)

    who = given(unit) - np.mean([given(shuffled_within(unit, syllable, rng)) for _ in range(SHUFFLES)])
    return about / entropy(syllable, weights=weights), float(who)


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
        for a, b in np.round(u.syllables / TOKEN).astype(int):
            if b > a and 2 * b <= len(u.mel):
                rows.append(mel_vector(u.mel, a, b))
    return MiniBatchKMeans(count, batch_size=4096, n_init=1, random_state=0).fit(np.array(rows))


@dataclass
class Piece:
    """One live segment that is no pause: tokens [start, end), its unit in each system."""

    start: int
    end: int
    units: dict[str, int]


def cutter(bundle: Path, rate_name: str, kmeans: MiniBatchKMeans) -> Callable[[Utterance], list[Piece]]:
    """Cuts an utterance live and names each segment by both systems."""
    config = json.loads((bundle / 'config.json').read_text())
    rate = next(r for r in rates_of(config) if r.name == rate_name)
    rules, e, book = rules_of(config), config['encoder'], load_file(bundle / 'codebook.safetensors')
    run = outputs_of(bundle, 'int8', False)

    def cut(u: Utterance) -> list[Piece]:
        mel = torch.from_numpy(np.asarray(u.mel, np.float32))
        out = run(normalise(mel, config['mel']['mean'], config['mel']['std']))
        chunks = {'chunk': e['chunkTokens'], 'delay': e['delayTokens']}
        cuts, _, _ = segmenter.live(segmenter.costs(out['features'], rules), out['boundary'], rate, rules, **chunks)
        ids = segmenter.names(segmenter.segment_vectors(out['features'], cuts, 1), book)
        spans = list(zip(cuts[:-1], cuts[1:], strict=True))
        base = kmeans.predict(np.array([mel_vector(u.mel, a, b) for a, b in spans])) + 1
        rows = zip(spans, ids, base, segmenter.pauses(out['speech'], cuts), strict=True)
        return [Piece(int(a), int(b), dict(zip(SYSTEMS, (int(i), int(k)), strict=True))) for (a, b), i, k, pause in rows if not pause]

    return cut


def span_of(piece: Piece, spans: np.ndarray) -> int:
    """Which of the spans (s, 2), seconds, a segment overlaps most; -1 for none."""
    return int(most_overlapped(np.array([piece.start, piece.end]), spans)[0])


def spoken_words(u: Utterance, pieces: list[Piece]) -> list[SpokenWord]:
    """The long words of an utterance with the units that overlap each most."""
    words = u.words or []
    spans = np.array([w[:2] for w in words]).reshape(-1, 2)
    of = [span_of(piece, spans) for piece in pieces]
    out = []
    for k, (_, _, word) in enumerate(words):
        units = {s: [p.units[s] for p, at in zip(pieces, of, strict=True) if at == k] for s in SYSTEMS}
        if len(word) >= LETTERS and units[SYSTEMS[0]]:
            out.append(SpokenWord(word.lower(), u.speaker, units))
    return out


def interval(value: float, draws: np.ndarray) -> list[float]:
    """95 % by the bootstrap's standard deviation."""
    return [value - 1.96 * float(np.std(draws)), value + 1.96 * float(np.std(draws))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundle', type=Path)
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--corpus', default='speechocean762')
    parser.add_argument('--splits', nargs='+', default=['test'], help='of unseen speakers')
    parser.add_argument('--least', type=int, default=10)
    parser.add_argument('--rate', default='natural')
    parser.add_argument('--draws', type=int, default=200, help='of the bootstrap')
    parser.add_argument('--json', type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    M = json.loads((args.bundle / 'config.json').read_text())['units']['merged']
    train = load_shards(args.data, [args.corpus])
    cut = cutter(args.bundle, args.rate, baseline_codebook(train[:: max(1, len(train) // 2500)], M))
    pieces, syllables, speakers, words = [], [], [], []
    for u in [u for split in args.splits for u in load_shards(args.data, [args.corpus], split)]:
        found = cut(u)
        words += spoken_words(u, found)
        for piece in found:
            k = span_of(piece, u.syllables)
            if k >= 0:
                pieces.append(piece)
                syllables.append(u.labels[k])
                speakers.append(u.speaker)
    names, counts = np.unique(syllables, return_counts=True)
    keep = np.isin(syllables, names[counts >= args.least])
    syllable = np.unique(np.array(syllables)[keep], return_inverse=True)[1]
    speaker = np.unique(np.array(speakers)[keep], return_inverse=True)[1]
    print(f'{keep.sum()} segments, {syllable.max() + 1} syllables, {speaker.max() + 1} speakers, {M} units')
    print(f'{len(words)} words of {len({w.word for w in words})} kinds, of {LETTERS} letters or more')
    table, draws = {}, {}
    for name in SYSTEMS:
        unit, rng = np.array([p.units[name] for p in pieces])[keep], np.random.default_rng(0)
        info, who = figures(unit, syllable, speaker, rng)
        size = speaker.max() + 1
        drawn = [np.bincount(rng.integers(0, size, size), minlength=size)[speaker].astype(float) for _ in range(args.draws)]
        draws[name] = bootstrap = np.array([figures(unit, syllable, speaker, rng, weights) for weights in drawn])
        of_unit, of_syllable = purities(unit, syllable)
        precision, precisions, chance = average_precision(words, name, args.draws)
        table[name] = {
            'information_about_syllable': info,
            'interval': interval(info, bootstrap[:, 0]),
            'speaker_bits_given_syllable': who,
            'speaker_interval': interval(who, bootstrap[:, 1]),
            'syllable_purity': of_unit,
            'cluster_purity': of_syllable,
            'same_word_precision': precision,
            'same_word_interval': np.percentile(precisions, [2.5, 97.5]).tolist(),
            'same_word_chance': chance,
        }
        parts = (('I(unit; syllable)/H', info, 'interval'), ('I(unit; speaker | syllable) in bits', who, 'speaker_interval'))
        parts += ((f'same word, average precision (chance {chance:.4f})', precision, 'same_word_interval'),)
        text = ', '.join(f'{what} {value:.4f} [{table[name][key][0]:.4f}, {table[name][key][1]:.4f}]' for what, value, key in parts)
        print(f'{name}: {text}, syllable purity {of_unit:.3f}, cluster purity {of_syllable:.3f}', flush=True)
    ours, theirs = SYSTEMS  # the draws are the same speakers in both
    for n, what in enumerate(('information_about_syllable', 'speaker_bits_given_syllable')):
        lead = table[ours][what] - table[theirs][what]
        low, high = table[ours][f'lead_in_{what}'] = interval(lead, draws[ours][:, n] - draws[theirs][:, n])
        print(f'{ours} less {theirs}, {what}: {lead:.4f} [{low:.4f}, {high:.4f}]')
    if args.json:
        args.json.write_text(json.dumps(table, indent=1) + '\n')


if __name__ == '__main__':
    main()
