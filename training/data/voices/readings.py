"""`readings`: text → speech with phone times, by flite, Festival and, for tests, Piper. Resumable: what the manifest has is not spoken again.

    python -m data.voices.readings --out runs/lm/speech/train --split train --voices flite-rms flite-awb --hours 24 --change
    python -m data.voices.readings --out runs/lm/speech/test --split test --voices flite-slt ked slt-hts --hours 2

Passages (consecutive sentences of a document, about 35 to 75 words) are drawn in a fixed random order, so that any beginning of the
list is a fair sample; the voices take turns. --change: two of three passages are read at another tempo and by another throat
(data/changes/throats.py: pitch, melody and formants). Writes OUT/wav/ID.wav (16 kHz) and
OUT/manifest.jsonl: path, speaker, text, source, document, seconds, phones [[phone, start, end]] (flite only).
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from data.changes.throats import change, draw_throat
from data.mel import SAMPLE_RATE
from data.places import RUNS
from data.splits import NEVER
from data.voices import piper

SHARES = {'bible': 0.5, 'anarchism': 0.3, 'fortunes': 0.15, 'jargon': 0.05}  # of the words spoken
FESTIVAL = {'kal': 'kal_diphone', 'ked': 'ked_diphone', 'slt-hts': 'cmu_us_slt_arctic_hts'}


def passages(texts: Path, split: str, words: tuple[int, int] = (35, 75)) -> Iterator[dict]:
    """Passages of a split in a fixed random order, drawn by source after SHARES: id, document, source, text."""
    by_source: dict[str, list[dict]] = {}
    for line in texts.open(encoding='utf-8'):
        d = json.loads(line)
        if d['split'] != split:
            continue
        groups, count = [[]], 0
        for sentence in d['sentences']:
            size = len(sentence.split())
            if groups[-1] and (count >= words[0] or count + size > words[1]):
                groups.append([])
                count = 0
            groups[-1].append(sentence)
            count += size
        rows = by_source.setdefault(d['source'], [])
        rows += [{'id': f'{d["id"]}.{n}', 'document': d['id'], 'source': d['source'], 'text': ' '.join(g)} for n, g in enumerate(groups)]
    rng = np.random.default_rng(0)
    for rows in by_source.values():
        rng.shuffle(rows)
    spent = dict.fromkeys(by_source, 0.0)
    while any(by_source.values()):
        source = min((s for s in by_source if by_source[s]), key=lambda s: spent[s])
        row = by_source[source].pop()
        spent[source] += len(row['text'].split()) / SHARES.get(source, 1.0)
        yield row


def flite(text: str, voice: str, stretch: float, out: Path) -> list[list]:
    """One reading; returns its phones with times."""
    command = ['flite', '-voice', voice, '-psdur', '--setf', f'duration_stretch={stretch:.3f}', '-o', str(out), '-t', text]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    ends = [(p, float(e)) for p, e in re.findall(r'(\S+):([0-9.]+)', printed)]
    return [[p, start, end] for (p, end), start in zip(ends, [0.0, *(e for _, e in ends)], strict=False)]


def festival(rows: list[tuple[dict, Path]], voice: str) -> None:
    """Many readings in one process. A row with `entry`, syllables and stresses as in Festival's lexicon, says its text's one word so."""
    lines = []
    for row, path in rows:
        text = row['text'].replace('\\', '').replace('"', '')
        if 'entry' in row:
            lines.append(f'(lex.add.entry \'("{text.lower().strip(".")}" nil ({row["entry"]})))')
        lines.append(f'(utt.save.wave (utt.synth (Utterance Text "{text}")) "{path}" \'riff)')
    with tempfile.NamedTemporaryFile('w', suffix='.scm') as script:
        script.write(f'(voice_{FESTIVAL[voice]})\n' + '\n'.join(lines) + '\n')
        script.flush()
        subprocess.run(['festival', '-b', script.name], capture_output=True, check=False)


def write_wave(path: Path, samples: np.ndarray, rate: float) -> float:
    """Writes speech as 16 kHz mono with its peak at most 0.9; returns its seconds."""
    x = samples if samples.ndim == 1 else samples.mean(1)
    if rate != SAMPLE_RATE:
        x = soxr.resample(x, rate, SAMPLE_RATE, 'HQ')
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, x * min(1.0, 0.9 / max(1e-6, np.abs(x).max())), SAMPLE_RATE, subtype='PCM_16')
    return len(x) / SAMPLE_RATE


def speak(rows: list[dict], out: Path, changed: bool = False) -> Iterator[dict]:
    """Reads rows (id, text, voice) and yields their lines for the manifest; a row that the synthesiser fails on is left out."""
    with tempfile.TemporaryDirectory() as folder:
        spoken = [(row, Path(folder) / f'{n}.wav') for n, row in enumerate(rows)]
        for voice in sorted({r['voice'] for r in rows} & set(FESTIVAL)):
            festival([(r, path) for r, path in spoken if r['voice'] == voice], voice)
        for row, path in spoken:
            phones, throat = [], None
            if row['voice'].startswith('flite-'):
                rng = np.random.default_rng(list(row['id'].encode()))
                stretch = 1.0
                if changed and rng.random() < 2 / 3:
                    stretch, throat = float(np.exp(rng.uniform(-0.2, 0.2))), draw_throat(rng)
                phones = flite(row['text'], row['voice'][6:], stretch, path)
            if row['voice'] in piper.VOICES:
                samples, rate = piper.read_aloud(row)
            elif path.exists():
                samples, rate = soundfile.read(path, dtype='float32')
                path.unlink()
            else:
                continue
            if throat:
                samples = change(samples, throat)
            name = f'wav/{row["id"].replace("/", "_")}.wav'
            seconds = write_wave(out / name, samples, rate)
            phones = [[p, round(a, 4), round(b, 4)] for p, a, b in phones]
            kept = {k: v for k, v in row.items() if k not in ('id', 'voice')}
            yield {
                'id': row['id'],
                'path': name,
                'speaker': row['voice'],
                **kept,
                'seconds': round(seconds, 3),
                'formants': round(throat.formants, 3) if throat else 1.0,
                'phones': phones,
            }


def speak_all(rows: Iterator[dict], out: Path, hours: float = 1e9, changed: bool = False, batch: int = 32) -> None:
    """Reads rows until `hours` lie in OUT, going on where an earlier call stopped."""
    out.mkdir(parents=True, exist_ok=True)
    manifest = out / 'manifest.jsonl'
    done = {j['id']: j['seconds'] for j in map(json.loads, manifest.open(encoding='utf-8'))} if manifest.exists() else {}
    total, todo, said = sum(done.values()), [], 0

    def finish(file) -> float:
        seconds = 0.0
        for line in speak(todo, out, changed):
            file.write(json.dumps(line) + '\n')
            seconds += line['seconds']
        file.flush()
        todo.clear()
        return seconds

    with manifest.open('a', encoding='utf-8') as file:
        for row in rows:
            if total >= hours * 3600:
                break
            if row['id'] not in done:
                todo.append(row)
            if len(todo) == batch:
                total += finish(file)
                if total // 3600 > said:
                    said = total // 3600
                    print(f'{out.name}: {total / 3600:.2f} h', flush=True)
        total += finish(file)
    print(f'{out.name}: {total / 3600:.2f} h in all')


def main() -> None:
    runs = RUNS / 'lm'
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--texts', type=Path, default=runs / 'texts.jsonl')
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--split', choices=['train', 'dev', 'test'], default='train')
    parser.add_argument('--voices', nargs='+', default=['flite-rms', 'flite-awb'], help=f'flite-VOICE, {", ".join([*FESTIVAL, *piper.VOICES])}')
    parser.add_argument('--hours', type=float, default=1e9)
    parser.add_argument('--change', action='store_true', help='two of three passages by another throat; flite only')
    args = parser.parse_args()
    held_out = [v for v in args.voices if NEVER.search(v)]
    if args.split == 'train' and held_out:
        parser.error(f'--voices: {", ".join(held_out)} belong to the evaluation and must never train')
    turns = (row | {'voice': args.voices[n % len(args.voices)]} for n, row in enumerate(passages(args.texts, args.split)))
    speak_all(turns, args.out, args.hours, args.change)


if __name__ == '__main__':
    main()
