"""`stability`: do units stay the same? Of one recording under cuts, levels, channels, rooms and noise, and of one text between voices.

    python -m measure.stability ../models/small --json stability.json    5 minutes of one core; the first time 4 more, kept in --kept
    python -m measure.stability ../models/small --quick                    a minute: fewer recordings, natural rate, no voices
    python -m measure.stability ../models/small --command                  by the built command line, as users run it: three times as long

Live, int8. Sets: kathleen's unseen sentences (her voice trains), and strangers: Asterisk of the evaluation pack, Kokoro's test voices. 0.6 s of
room tone stand before the speech and a cut falls into them, so no speech is lost; cuts by 20 and 160 ms, whole tokens and chunks, are controls.
Same units: share that keep both edges within 40 ms and the id. UED: edits between two unit sequences, pauses left out, over the clean one's units.
Rows are `seen` (of a kind that training may draw, data/changes/degrade.py) or `held out`. Also: information about syllables of unseen speakers
where every
reference syllable takes the unit that overlaps it most (none is unit 0), entropy, units a second, and what `confidence` is worth: right is a unit
whose commonest syllable in training speech is the one that it overlaps most.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from threadpoolctl import threadpool_limits

from data.batches import thinned
from data.changes.coded import sixteen_bits
from data.changes.degrade import HELD_OUT, SEEN, Change, cut
from data.changes.effects import room_tone
from data.mel import SAMPLE_RATE, int16_of, read_audio
from data.places import RUNS, SHARED
from data.shards import cmu_syllable
from data.splits import named, split_of
from measure import voices_apart
from measure.agreement import Said, agreement, calibration, overlaps
from measure.listen import Listener, command_listener, lockstep_listener
from measure.unit_figures import entropy, figures
from segment.overlap import best

TONE = 9_600  # samples of room tone, 0.6 s
CUTS, CONTROLS = (10, 30, 70), (20, 160)  # ms
CHANNELS = ('telephone', 'pink noise 20 dB', 'pink noise 10 dB', 'sox room', 'quiet 35 dB', 'mp3 16 kbit/s', 'Opus 8 kbit/s')  # the seven
LEVELS = {f'quiet {db} dB': Change('gain', {'db': -db}) for db in (6, 12, 20)} | {'loud 6 dB': Change('gain', {'db': 6})}
CALIBRATED = ('clean', 'telephone', 'pink noise 10 dB')
QUICK = {'kathleen': 16, 'asterisk-en': 12, 'kokoro': 8}
FULL = {'kathleen': 40, 'asterisk-en': 40, 'kokoro': 24}
SENTENCES = 25  # that all voices read
NAMED = 900  # training utterances from which units get their names


@dataclass
class Reading:
    """A recording, room tone before it, with its reference syllables: spans (s, 2), seconds, and labels."""

    samples: np.ndarray
    spans: np.ndarray
    labels: list[str]
    speaker: str
    text: str


def reading(path: Path, syllables: list, labels: list[str], speaker: str, text: str) -> Reading:
    x = read_audio(path)
    spans = np.array([s[:2] for s in syllables], np.float64).reshape(-1, 2) + TONE / SAMPLE_RATE
    return Reading(sixteen_bits(np.concatenate([room_tone(x, TONE), x])), spans, [cmu_syllable(label) for label in labels], speaker, text)


def shard_rows(data: Path, name: str, split: str) -> list[dict]:
    """Rows of a shard in a split of today's splits.json, whatever the shard says."""
    rows = [json.loads(line) for line in (data / name / 'utterances.jsonl').open(encoding='utf-8')]
    return [j for j in rows if j['syllables'] and split_of(j['corpus'], j['id'], j['speaker'], j['text']) == split]


def of_shard(rows: list[dict]) -> list[Reading]:
    return [reading(Path(j['path']), j['syllables'], [s[2] for s in j['syllables']], j['speaker'], j['text']) for j in rows]


def read_set(name: str, most: int, pack: Path, data: Path) -> list[Reading]:
    """One set, at most so many; FileNotFoundError where it is not there."""
    if name == 'asterisk-en':
        rows = thinned(json.loads((pack / 'asterisk-en.json').read_text()), most)
        spans = [[[s['start'], s['end']] for s in j['syllables']] for j in rows]
        labels = [[' '.join(s['phones']) for s in j['syllables']] for j in rows]
        return [reading(pack / j['file'], s, names, j['voice'], j['text']) for j, s, names in zip(rows, spans, labels, strict=True)]
    if name == 'kathleen':  # one take of a prompt
        rows = list({j['text']: j for j in shard_rows(data, name, 'test')}.values())
        return of_shard(thinned(rows, most))
    rows = [j for j in shard_rows(data, 'timed-speech', 'test') if j['speaker'] in named()['timed-speech']['test']]
    return of_shard(thinned(sorted(rows, key=lambda j: (j['speaker'], j['id'])), most))


def rows_of(quick: bool) -> dict[str, Change | int]:
    """Name of a row -> ms of a cut, or a change."""
    cuts = {f'{ms} ms cut off': ms for ms in (*CUTS, *CONTROLS)}
    changes = SEEN | HELD_OUT
    return cuts | ({name: changes[name] for name in CHANNELS} if quick else changes | LEVELS)


def family(row: str) -> str:
    return 'cut' if 'cut' in row else 'held out' if row in HELD_OUT else 'seen'


def changed(samples: np.ndarray, change: Change, kept: Path) -> np.ndarray:
    """A recording after a change, made once."""
    key = hashlib.sha256(json.dumps(change.json()).encode() + samples.tobytes()).hexdigest()[:24]
    path = kept / 'changed' / f'{key}.wav'
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix('.part')
        soundfile.write(part, int16_of(change(samples)), SAMPLE_RATE, format='WAV')
        part.replace(path)
    return soundfile.read(path, dtype='float32')[0]


def measure(sets: dict[str, list[Reading]], rows: dict, listen: Listener, kept: Path) -> Iterator[tuple[str, dict[str, list[Said]]]]:
    """For each row, 'clean' first: rate -> units of all recordings, set after set, at the times of the whole recording."""
    everything = [r for readings in sets.values() for r in readings]
    yield 'clean', listen([r.samples for r in everything])
    for name, change in rows.items():
        if isinstance(change, int):
            heard = listen([cut(r.samples, change) for r in everything])
            moved = change * SAMPLE_RATE // 1000
            yield name, {rate: [s.moved(moved) for s in some] for rate, some in heard.items()}
        else:
            yield name, listen([changed(r.samples, change, kept) for r in everything])


def compared(sets: dict[str, list[Reading]], clean: list[Said], other: list[Said]) -> dict[str, dict[str, float]]:
    """Set -> how much of it stayed; 'strangers' are all sets but kathleen."""
    at, of = 0, {}
    for name, readings in sets.items():
        of[name] = slice(at, at + len(readings))
        at += len(readings)
    out = {name: agreement(clean[part], other[part]) for name, part in of.items()}
    start = len(sets.get('kathleen', []))
    return out | ({'strangers': agreement(clean[start:], other[start:])} if len(clean) > start else {})


def summary(table: dict[str, dict]) -> dict[str, dict[str, float]]:
    """Set -> the figures that decide: the worst of the three cuts, the mean of the seven channels and the worst of them but 10 dB noise; UED."""
    out = {}
    for name in table[f'{CUTS[0]} ms cut off']:
        ued = {row: sets[name]['ued'] for row, sets in table.items()}
        channels = [ued[c] for c in CHANNELS]
        worst = max(ued[c] for c in CHANNELS if c != 'pink noise 10 dB')
        out[name] = {'cuts': max(ued[f'{ms} ms cut off'] for ms in CUTS), 'channels': float(np.mean(channels)), 'worst_channel': worst}
        for kind in ('seen', 'held out'):
            out[name][kind.replace(' ', '_')] = float(np.mean([value for row, value in ued.items() if family(row) == kind]))
    return out


def names_of(data: Path, listen: Listener, rate: str, kept: Path) -> dict[int, list[str]]:
    """Unit -> the syllables that it stands for in training speech, the commonest first; kept by bundle, which names the file."""
    if kept.exists():
        return {int(unit): names for unit, names in json.loads(kept.read_text()).items()}
    corpora = [n for n in ('kathleen', 'timed-speech', 'speechocean762') if (data / n / 'utterances.jsonl').exists()]
    rows = [row for name in corpora for row in thinned(shard_rows(data, name, 'train'), NAMED // len(corpora))]
    counts = defaultdict(Counter)
    for j, s in zip(rows, listen([read_audio(j['path']) for j in rows])[rate], strict=True):
        for unit, k in zip(s.ids, best(overlaps(s, [span[:2] for span in j['syllables']])), strict=True):
            if k >= 0:
                counts[int(unit)][cmu_syllable(j['syllables'][k][2])] += 1
    names = {unit: [name for name, _ in counter.most_common(10)] for unit, counter in counts.items()}
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(names))
    return names


def trust(readings: list[Reading], heard: list[Said], names: dict[int, list[str]]) -> dict[str, float]:
    """What confidence is worth, and `labels`: share of all reference syllables whose unit's first, or one of its first three names is theirs."""
    confidence, right, first, three = [], [], [], []
    for r, s in zip(readings, heard, strict=True):
        shared = overlaps(s, r.spans)
        for unit, sure, k in zip(s.ids, s.confidence, best(shared), strict=True):
            confidence.append(sure)
            right.append(k >= 0 and names.get(int(unit), [''])[:1] == [r.labels[k]])
        for k, at in enumerate(best(shared.T)):
            some = names.get(int(s.ids[at]), []) if at >= 0 else []
            first.append(r.labels[k] in some[:1])
            three.append(r.labels[k] in some[:3])
    return calibration(np.array(confidence), np.array(right)) | {'labels_first': float(np.mean(first)), 'labels_three': float(np.mean(three))}


def says(data: Path, listen: Listener, rate: str, most: int, least: int = 10) -> dict[str, float]:
    """I(unit; syllable)/H on speakers that no training had (speechocean762, test), both ways of pairing; entropy, units a second."""
    rows = thinned(shard_rows(data, 'speechocean762', 'test'), most)
    heard = listen([read_audio(j['path']) for j in rows])[rate]
    by_syllable, by_unit = [], []
    for j, s in zip(rows, heard, strict=True):
        shared = overlaps(s, [span[:2] for span in j['syllables']])
        labels = [cmu_syllable(span[2]) for span in j['syllables']]
        by_syllable += [(int(s.ids[k]) if k >= 0 else 0, labels[n], j['speaker']) for n, k in enumerate(best(shared.T))]
        by_unit += [(int(s.ids[n]), labels[k], j['speaker']) for n, k in enumerate(best(shared)) if k >= 0]
    out = {'speakers': len({j['speaker'] for j in rows})}
    for name, triples in (('by_syllable', by_syllable), ('by_unit', by_unit)):
        often = Counter(label for _, label, _ in triples)
        triples = [t for t in triples if often[t[1]] >= least]
        units, labels, speakers = (np.unique(column, return_inverse=True)[1] for column in zip(*triples, strict=True))
        out[f'information_{name}'], out[f'speaker_bits_{name}'] = figures(units, labels, speakers, np.random.default_rng(0))
    return out | {'missed': float(np.mean([unit == 0 for unit, _, _ in by_syllable]))} | plenty(heard)


def plenty(heard: list[Said]) -> dict[str, float]:
    """Entropy of the ids in bits, how many different ones, and units a second of non-pause."""
    ids = np.concatenate([s.ids for s in heard])
    seconds = sum(int((s.ends - s.starts).sum()) for s in heard) / SAMPLE_RATE
    return {'entropy': entropy(ids), 'used': len(np.unique(ids)), 'hz': len(ids) / max(1e-9, seconds)}


def voices(args: argparse.Namespace, listen: Listener, rate: str, kathleen: list[Reading]) -> dict[str, dict]:
    """Between voices: sentences of the pack, kathleen's of the test split, one word by many people, digits; what is not there is left out aloud."""
    out = {}
    readings = [voices_apart.pack_readings(args.pack)] if (args.pack / 'festival.json').exists() else []
    if not args.quick:
        spoken = voices_apart.synthesised([r.text for r in kathleen], args.kokoro, args.kept / 'readings')
        readings.append(spoken | {'kathleen': [r.samples[TONE:] for r in kathleen]})
    for some in readings:
        out |= voices_apart.between({voice: listen(spoken)[rate] for voice, spoken in some.items() if spoken})
    words = {'wake words': (voices_apart.wake_words, args.wake, 40), 'digits': (voices_apart.digits, args.digits, 5)}
    for name, (find, folder, most) in {} if args.quick else words.items():
        if folder.exists():
            out[name] = voices_apart.recognised(find(folder, most), listen, rate)
        else:
            print(f'no {name}: {folder} is not there', file=sys.stderr)
    return out


def print_table(table: dict[str, dict[str, dict]]) -> None:
    """Same units and UED of every row and set, by rate."""
    for rate, rows in table.items():
        sets = list(next(iter(rows.values())))
        print(f'\n{rate}: same units, UED in per cent\n\n| row | | {" | ".join(sets)} |\n|{" --- |" * (len(sets) + 2)}')
        for row, of in rows.items():
            cells = [f'{of[name]["same"]:.2f}, {100 * of[name]["ued"]:.1f}' for name in sets]
            print(f'| {row} | {family(row)} | {" | ".join(cells)} |')
        for name, figures_ in summary(rows).items():
            print(f'{rate}, {name}, UED: ' + ', '.join(f'{what} {100 * value:.1f} %' for what, value in figures_.items()))


def print_rest(found: dict) -> None:
    for part in ('voices', 'confidence', 'units'):
        for name, row in found.get(part, {}).items():
            print(f'{part}, {name}: ' + ', '.join(f'{what} {value:.4g}' for what, value in row.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundle', type=Path)
    parser.add_argument('--json', type=Path)
    parser.add_argument('--quick', action='store_true')
    parser.add_argument('--command', action='store_true', help='by the command line in place of the lockstep')
    parser.add_argument('--rates', nargs='+', help='of the bundle (default: natural and 8.33; --quick: natural)')
    parser.add_argument('--pack', type=Path, default=SHARED / 'eval-pack')
    parser.add_argument('--data', type=Path, default=RUNS / 'data', help='shards of data/shards.py')
    parser.add_argument('--kept', type=Path, default=RUNS / 'stability', help='changed recordings and readings')
    parser.add_argument('--kokoro', type=Path, default=RUNS / 'kokoro/voices', help="voices of npm's kokoro-js")
    parser.add_argument('--wake', type=Path, default=RUNS / 'words/wake-word-benchmark', help='same word, many speakers')
    parser.add_argument('--digits', type=Path, default=RUNS / 'words/free-spoken-digit-dataset')
    args = parser.parse_args()
    torch.set_num_threads(1)
    threadpool_limits(1)  # small products: threads would only wait for each other
    rates = args.rates or (['natural'] if args.quick else ['natural', '8.33'])
    listen = (command_listener if args.command else lockstep_listener)(args.bundle, rates)
    sets = {}
    for name, most in (QUICK if args.quick else FULL).items():
        try:
            sets[name] = read_set(name, most, args.pack, args.data)
        except FileNotFoundError as error:
            print(f'no {name}: {error}', file=sys.stderr)
    if not sets:
        raise SystemExit(f'expected an evaluation pack at {args.pack} or shards at {args.data}, found neither')
    everything = [r for readings in sets.values() for r in readings]
    clean, table, heard = {}, {rate: {} for rate in rates}, {}
    for row, found in measure(sets, rows_of(args.quick), listen, args.kept):
        heard |= {row: found[rates[0]]} if row in CALIBRATED else {}
        if row == 'clean':
            clean = found
            continue
        for rate in rates:
            table[rate][row] = compared(sets, clean[rate], found[rate])
    print_table(table)
    sys.stdout.flush()
    result = {'bundle': json.loads((args.bundle / 'manifest.json').read_text())['version'], 'by': 'command' if args.command else 'lockstep'}
    result |= {'table': table, 'summary': {rate: summary(table[rate]) for rate in rates}}
    result['units'] = {f'{name}, {rate}': plenty(clean[rate]) for rate in rates for name in ('all sets',)}
    rate, one = rates[0], (command_listener if args.command else lockstep_listener)(args.bundle, rates[:1])
    result['voices'] = voices(args, one, rate, sets.get('kathleen', [])[:SENTENCES])
    if (args.data / 'speechocean762/utterances.jsonl').exists():
        result['units']['speechocean762, unseen speakers'] = says(args.data, one, rate, 100 if args.quick else 600)
        mark = hashlib.sha256((args.bundle / 'manifest.json').read_bytes()).hexdigest()[:16]
        names = names_of(args.data, one, rate, args.kept / 'names' / f'{mark}-{rate}.json')
        result['confidence'] = {row: trust(everything, some, names) for row, some in heard.items()}
    print_rest(result)
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + '\n')


if __name__ == '__main__':
    main()
