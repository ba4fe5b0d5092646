"""Recordings -> cached log-mel shards with syllable and phone times.

    python -m data.shards                                   every corpus that is there, under runs/data
    python -m data.shards --folder ~/recordings --name mine any folder of audio, or of audio and a manifest.jsonl

A shard is a folder: mel.npy (F, 128) float16, all frames one after another, wave.npy (N,) int16, the samples that they are of at 16 kHz, and
utterances.jsonl, one line each:
id, corpus, speaker, split (train, dev or test), path (of the audio), first (frame), frames, sample (first), samples, text,
syllables [[start, end, label]],
phones [[class, start, end]], words [[start, end, word]], weak [seconds]: boundaries that two sources place differently, so that training trusts
them less. Times are seconds.
A manifest.jsonl has `path` (to its folder) and, if known, `speaker`, `text`, and times: `syllables` and `phones`. With a text and no
times the aligner is run (English; data/aligner.py by Debian's python3-pocketsphinx). Files that cannot be used are listed and skipped.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
import torch
from tqdm import tqdm

from data.mel import SAMPLE_RATE, AudioError, int16_of, log_mel, read_audio
from data.places import RUNS, SHARED, TRAINING
from data.sources.manifest import recording_id
from data.splits import check_speaker, relabel, split_of

PHONES = 'sil aa ae ah ao aw ay b ch d dh eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th uh uw v w y z zh'.split()
CMU = {
    **{'ax': 'ah', 'axr': 'er', 'dx': 't', 'hv': 'hh', 'nx': 'n', 'ix': 'ih', 'ux': 'uw'},
    **{'el': 'l', 'em': 'm', 'en': 'n', 'pau': 'sil', 'brth': 'sil'},
}
AGREE = 0.025  # seconds: two sources that are closer than this agree on a boundary
AUDIO = {'.wav', '.flac', '.ogg', '.opus', '.mp3'}


def phone_class(name: str) -> int:
    """Index of a CMU, Festival or flite phone in PHONES; unknown names count as silence."""
    name = CMU.get(name.lower(), name.lower())
    return PHONES.index(name) if name in PHONES else 0


def cmu_syllable(label: str) -> str:
    """A syllable's phones by the names of CMU's dictionary, as recordings are aligned: flite's "dh ax" is "dh ah"."""
    return ' '.join(CMU.get(phone, phone) for phone in label.split())


def boundaries(syllables: list, merge: float = 0.011) -> list[float]:
    """All syllable starts and ends; an end that meets the next start counts once."""
    out: list[float] = []
    for t in sorted([s[0] for s in syllables] + [s[1] for s in syllables]):
        if not out or t - out[-1] > merge:
            out.append(t)
    return out


def disagreements(a: list[float], b: list[float]) -> list[float]:
    """Times of either list that have no partner in the other within AGREE."""
    x, y = np.array(a), np.array(b)
    if not len(x) or not len(y):
        return sorted(a + b)
    gap = np.abs(x[:, None] - y[None])
    return sorted([*x[gap.min(1) > AGREE], *y[gap.min(0) > AGREE]])


def utterance(
    uid: str, corpus: str, speaker: str, path: Path, text: str, syllables: list, phones: list, weak: list, words: list | tuple = ()
) -> dict:
    """A row of a shard, its frames still to come. Raises SplitError for a voice that must never train."""
    check_speaker(corpus, speaker)
    return {
        'id': uid, 'corpus': corpus, 'speaker': speaker, 'split': split_of(corpus, uid, speaker, text), 'path': str(path),
        'text': text, 'syllables': syllables, 'phones': [[phone_class(p), a, b] for p, a, b in phones],
        'weak': [round(float(t), 3) for t in weak], 'words': list(words),
    }  # fmt: skip


def read_times(path: Path) -> tuple[list, list, list]:
    """Syllables, phones and words of one JSON of the aligner or of a synthesiser."""
    j = json.loads(path.read_text())
    syllables = [[s['start'], s['end'], ' '.join(p.lower() for p in s['phones'])] for s in j['syllables']]
    words = [[w['start'], w['end'], w['word']] for w in j.get('words', [])]
    return syllables, [[p['phone'], p['start'], p['end']] for p in j['phones']], words


def align(items: list[tuple[str, Path, str]], out: Path, python: str) -> None:
    """Runs data/aligner.py on what `out` does not hold yet. items: id, audio, text."""
    out = out.resolve()  # the aligner runs in this folder
    todo = [item for item in items if not (out / f'{item[0]}.json').exists()]
    if len(todo) <= 0.02 * len(items):  # the rest could not be aligned before
        return
    wav = out / 'wav'
    wav.mkdir(parents=True, exist_ok=True)
    lines = []
    for uid, path, text in tqdm(todo, desc='decode for alignment', disable=None):
        try:
            samples = read_audio(path)
        except AudioError as error:
            print(f'skipped: {error}', file=sys.stderr)
            continue
        soundfile.write(wav / f'{uid}.wav', samples, SAMPLE_RATE, subtype='PCM_16')
        lines.append(f'{uid}\t{wav / uid}.wav\t{text}\n')
    (out / 'items.tsv').write_text(''.join(lines))
    subprocess.run([python, '-B', '-m', 'data.aligner', '--list', str(out / 'items.tsv'), '--out', str(out)], cwd=TRAINING, check=True)
    for path in wav.iterdir():
        path.unlink()


def lines_of(manifest: Path) -> list[dict]:
    """The rows of a manifest; none where it is not there, so that its corpus is left out aloud."""
    return [json.loads(line) for line in manifest.open(encoding='utf-8')] if manifest.exists() else []


def timed_speech(args: argparse.Namespace) -> Iterator[dict]:
    """../shared/timed-speech: aligned times, weak where the voice model's own durations say otherwise."""
    folder = args.shared / 'timed-speech'
    for j in lines_of(folder / 'manifest.jsonl'):
        if 'aligned' not in j:
            continue
        phones = j['aligned']['phones']
        syllables = [[a, b, ' '.join(p for p, s, e in phones if s >= a - 0.001 and e <= b + 0.001)] for a, b in j['aligned']['syllables']]
        weak = disagreements(boundaries(syllables), boundaries(j['syllables']))
        yield utterance(Path(j['path']).stem, 'timed-speech', j['voice'], folder / j['path'], j['text'], syllables, phones, weak)


def read_speech(corpus: str):
    """A reader of one English corpus of ../shared/speech, aligned."""

    def read(args: argparse.Namespace) -> Iterator[dict]:
        folder, times = args.shared / 'speech', args.runs / 'align' / corpus
        rows = lines_of(folder / 'manifest.jsonl')
        rows = [(recording_id(j), j) for j in rows if j['corpus'] == corpus][: args.limit]
        align([(uid, folder / j['path'], j['text']) for uid, j in rows], times, args.align_python)
        for uid, j in rows:
            if (times / f'{uid}.json').exists():
                syllables, phones, words = read_times(times / f'{uid}.json')
                yield utterance(uid, corpus, j['speaker'], folder / j['path'], j['text'], syllables, phones, [], words)

    return read


def read_synth(name: str, speaker: str | None = None):
    """A reader of what data/voices/flite.py or accents.py wrote to runs/synth/NAME: exact times; without a speaker files begin
    with it."""

    def read(args: argparse.Namespace) -> Iterator[dict]:
        for path in sorted((args.runs / 'synth' / name).glob('*.json')):
            syllables, phones, _ = read_times(path)
            text = json.loads(path.read_text())['text']
            yield utterance(path.stem, name, speaker or path.stem.rsplit('_', 1)[0], path.with_suffix('.wav'), text, syllables, phones, [])

    return read


def read_queen(args: argparse.Namespace) -> Iterator[dict]:
    """Dialogue of Flight of the Amazon Queen as data/sources/games.py leaves it in runs/human; the sound's letter tells who speaks."""
    folder = args.runs / 'human' / 'corpora' / 'queen-en'
    if not (folder / 'items.tsv').exists():
        return
    rows = [line.rstrip('\n').split('\t') for line in (folder / 'items.tsv').open(encoding='utf-8')]
    rows = [(r[0], folder / Path(r[1]).name, r[-1]) for r in rows if len(r) > 2][: args.limit]
    align(rows, args.runs / 'align' / 'queen', args.align_python)
    for uid, path, text in rows:
        times = args.runs / 'align' / 'queen' / f'{uid}.json'
        if times.exists():
            syllables, phones, words = read_times(times)
            yield utterance(uid, 'queen', 'queen-J' if 'J' in uid[6:] else 'queen-' + uid[:2], path, text, syllables, phones, [], words)


def read_folder(args: argparse.Namespace) -> Iterator[dict]:
    """--folder: with a manifest.jsonl its rows, else every audio file as untranscribed speech of one speaker a subfolder."""
    manifest = args.folder / 'manifest.jsonl'
    if manifest.exists():
        rows = [json.loads(line) for line in manifest.open(encoding='utf-8')]
        for n, j in enumerate(rows, 1):
            if 'path' not in j:
                raise SystemExit(f'{manifest} line {n}: expected the column "path", got {", ".join(j)}')
    else:
        rows = [{'path': str(p.relative_to(args.folder))} for p in sorted(args.folder.rglob('*')) if p.suffix.lower() in AUDIO]
    rows = [(str(Path(j['path']).with_suffix('')).replace('/', '_'), j) for j in rows]
    times = args.runs / 'align' / args.name
    need = [(uid, args.folder / j['path'], j['text']) for uid, j in rows if j.get('text') and 'syllables' not in j]
    if need:
        align(need, times, args.align_python)
    for uid, j in rows:
        syllables, phones, words = (j.get(name, []) for name in ('syllables', 'phones', 'words'))
        if not syllables and (times / f'{uid}.json').exists():
            syllables, phones, words = read_times(times / f'{uid}.json')
        speaker = j.get('speaker', str(Path(j['path']).parent))
        syllables = [[*s[:2], s[2] if len(s) > 2 else ''] for s in syllables]
        yield utterance(uid, args.name, speaker, args.folder / j['path'], j.get('text', ''), syllables, phones, [], words)


CORPORA = {
    'kathleen': read_speech('kathleen'),
    'timed-speech': timed_speech,
    'speechocean762': read_speech('speechocean762'),
    'flite-rms': read_synth('flite-rms', 'flite rms'),
    'flite-awb': read_synth('flite-awb', 'flite awb'),
    'accents': read_synth('accents'),
    'queen': read_queen,
}


def write_shard(folder: Path, items: list[dict], change: Callable[[np.ndarray, dict], np.ndarray] = lambda samples, _: samples) -> None:
    """Computes the log-mel frames of every utterance, of its samples after `change`; unusable files are listed in skipped.txt."""
    folder.mkdir(parents=True, exist_ok=True)
    frames, waves, rows, skipped, first, sample = [], [], [], [], 0, 0
    for item in tqdm(items, desc=folder.name, disable=None):
        try:
            samples = change(read_audio(item['path']), item)
        except AudioError as error:
            skipped.append(str(error))
            continue
        mel = log_mel(samples).numpy().astype(np.float16)
        wave = int16_of(samples)
        rows.append({**item, 'first': first, 'frames': len(mel), 'sample': sample, 'samples': len(wave)})
        frames.append(mel)
        waves.append(wave)
        first, sample = first + len(mel), sample + len(wave)
    np.save(folder / 'mel.npy', np.concatenate(frames) if frames else np.zeros((0, 128), np.float16))
    np.save(folder / 'wave.npy', np.concatenate(waves) if waves else np.zeros(0, np.int16))
    (folder / 'skipped.txt').write_text(''.join(f'{line}\n' for line in skipped))
    text = ''.join(json.dumps(row, ensure_ascii=False) + '\n' for row in rows)
    (folder / 'utterances.jsonl').write_text(text)  # last: its presence says that the shard is whole
    hours = first / 360_000
    print(f'{folder.name}: {len(rows)} utterances, {hours:.2f} h, {len({r["speaker"] for r in rows})} speakers, {len(skipped)} skipped')


def write_missing(folder: Path, utterances: Iterator[dict], limit: int | None) -> None:
    """Writes a shard of at most `limit` utterances, unless it is there; one that is gets its splits anew (splits.json may be younger)."""
    if (folder / 'utterances.jsonl').exists():
        print(f'{folder.name}: there already, {relabel(folder)} utterances moved to another split')
    elif items := list(utterances)[:limit]:
        write_shard(folder, items)
    else:
        print(f'{folder.name}: nothing found, left out', file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=Path, default=RUNS)
    parser.add_argument('--shared', type=Path, default=SHARED, help='the folder with speech/ and timed-speech/')
    parser.add_argument('--align-python', default='/usr/bin/python3', help='the interpreter that has pocketsphinx')
    parser.add_argument('--corpora', nargs='*', default=list(CORPORA), help=f'of {", ".join(CORPORA)}')
    parser.add_argument('--folder', type=Path)
    parser.add_argument('--name', default='folder', help='what to call --folder')
    parser.add_argument('--limit', type=int, help='at most so many utterances of each corpus')
    args = parser.parse_args()
    torch.set_num_threads(1)  # one short utterance at a time: threads would only wait for each other
    readers = {args.name: read_folder} if args.folder else {name: CORPORA[name] for name in args.corpora}
    for name, reader in readers.items():
        write_missing(args.runs / 'data' / name, reader(args), args.limit)


if __name__ == '__main__':
    main()
