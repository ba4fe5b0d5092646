"""`festival`: sentences read by a voice of Festival, with the exact times of phones, syllables and words.

    python -m data.voices.festival --voice kal_diphone --text sentences.tsv --out DIR      a line each: id, tab, text

Writes DIR/ID.wav (16 kHz, 16 bit, mono) and DIR/ID.json: id, text, voice, sample_rate, duration, and phones, syllables and words with start and end,
seconds. Needs festival, the voice's package, sox. A sentence that Festival cannot read is named and left out. kal and ked put 20 to 30 ms of silence
after the last phone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

SAMPLE_RATE = 16_000
# One line a segment: name, end, number of its syllable, stress, number and name of its word; "-" where it belongs to none.
SCRIPT = r"""
(define (dump_utt utt fn)
  (let ((fd (fopen fn "w")) (ns 0) (nw 0))
    (mapcar (lambda (s)
      (let ((syl (item.relation.parent s 'SylStructure)))
        (if syl
          (let ((wd (item.relation.parent syl 'SylStructure)))
            (if (not (item.relation.prev s 'SylStructure))
              (begin (set! ns (+ ns 1))
                     (if (not (item.relation.prev syl 'SylStructure)) (set! nw (+ nw 1)))))
            (format fd "%s\t%f\t%d\t%s\t%d:%s\n" (item.name s) (item.feat s "end") ns (item.feat syl "stress") nw (item.name wd)))
          (format fd "%s\t%f\t-\t-\t-\n" (item.name s) (item.feat s "end")))))
      (utt.relation.items utt 'Segment))
    (fclose fd)))
(define (one text wav seg)
  (let ((utt (utt.synth (eval (list 'Utterance 'Text text)))))
    (utt.save.wave utt wav 'riff)
    (dump_utt utt seg)))
"""
PAUSES = frozenset(('pau', 'ssil', 'sil', 'SIL', 'h#', '#', '_', '__', 'brth', 'P', '##'))
TOUCHING = 1e-3  # seconds: a phone that begins so near to an end goes on from there


def quoted(text: str) -> str:
    """A string of Scheme."""
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def added(span: dict, end: float, phone: str | None = None) -> None:
    span['end'] = end
    if phone is not None:
        span['phones'].append(phone)


def parsed(lines: list[str]) -> dict[str, list[dict]]:
    """What SCRIPT wrote of a sentence -> its phones, syllables and words."""
    phones, syllables, words = [], [], []
    last_syllable, last_word, start = '', '', 0.0
    for line in lines:
        name, till, syllable, stress, word = line.rstrip('\n').split('\t')
        begin, end = round(start, 5), round(float(till), 5)
        start = float(till)
        phones.append({'phone': name, 'start': begin, 'end': end})
        if syllable == '-':
            # a phone that a voice's own rules added after syllabification (ked: er -> er r) belongs to the syllable before
            if name not in PAUSES and syllables and abs(syllables[-1]['end'] - begin) < TOUCHING:
                added(syllables[-1], end, name)
                if words and abs(words[-1]['end'] - begin) < TOUCHING:
                    added(words[-1], end)
            continue
        if syllable == last_syllable:
            added(syllables[-1], end, name)
        else:
            level = int(stress) if stress.isdigit() else 0
            syllables.append({'start': begin, 'end': end, 'phones': [name], 'stress': level, 'word': word.partition(':')[2]})
        if word == last_word:
            added(words[-1], end)
        elif word != '-':
            words.append({'word': word.partition(':')[2], 'start': begin, 'end': end})
        last_syllable, last_word = syllable, word
    return {'phones': phones, 'syllables': syllables, 'words': words}


def read_sentences(path: Path) -> list[tuple[str, str]]:
    """(id, text) of every line `id<TAB>text`. Raises ValueError for a line without a tab."""
    rows = [line.split('\t', 1) for line in path.read_text(encoding='utf-8').splitlines() if line.strip()]
    for number, row in enumerate(rows, 1):
        if len(row) != 2:
            raise ValueError(f'{path} line {number}: expected an id, a tab and a text, got {row[0]!r}')
    return [(uid, text) for uid, text in rows]


def read_aloud(voice: str, sentences: list[tuple[str, str]], out: Path) -> tuple[int, float]:
    """Writes wav and JSON of each sentence; how many, and their seconds."""
    out.mkdir(parents=True, exist_ok=True)
    done, seconds = 0, 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        calls = [f'(one {quoted(text)} {quoted(f"{folder}/{uid}.wav")} {quoted(f"{folder}/{uid}.seg")})\n' for uid, text in sentences]
        (folder / 'run.scm').write_text(f'{SCRIPT}(voice_{voice})\n{"".join(calls)}', encoding='utf-8', errors='replace')
        ran = subprocess.run(['festival', '-b', str(folder / 'run.scm')], capture_output=True, text=True, errors='replace')
        if ran.returncode:
            print(f'festival ended with {ran.returncode}: {ran.stderr[-500:]}', file=sys.stderr)
        for uid, text in sentences:
            sound, segments = folder / f'{uid}.wav', folder / f'{uid}.seg'
            if not sound.exists() or not segments.exists():
                print(f'{uid}: Festival read nothing', file=sys.stderr)
                continue
            target = out / f'{uid}.wav'
            subprocess.run(['sox', '-G', str(sound), '-r', str(SAMPLE_RATE), '-c', '1', '-b', '16', str(target)], check=True)
            with wave.open(str(target)) as file:
                duration = file.getnframes() / file.getframerate()
            row = {'id': uid, 'text': text, 'voice': voice, 'sample_rate': SAMPLE_RATE, 'duration': round(duration, 5)}
            times = parsed(segments.read_text(encoding='latin1').splitlines())
            (out / f'{uid}.json').write_text(json.dumps(row | times, indent=1, ensure_ascii=False))
            done, seconds = done + 1, seconds + duration
    return done, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--voice', required=True, help='kal_diphone, ked_diphone, cmu_us_slt_arctic_hts, ...')
    parser.add_argument('--text', type=Path, required=True)
    parser.add_argument('--out', type=Path, required=True)
    args = parser.parse_args()
    done, seconds = read_aloud(args.voice, read_sentences(args.text), args.out)
    print(f'{args.voice}: {done} sentences, {seconds:.1f} s')


if __name__ == '__main__':
    main()
