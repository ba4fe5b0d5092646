"""`flite`: the sentences of a Festival reading once more, by a voice of flite, with its exact phone times and Festival's syllables.

    python -m data.voices.flite --voice rms --readings DIR_OF_FESTIVAL --out DIR      voices rms, awb, slt (statistical), kal16 (diphones)

flite prints phones with their ends (-psdur) and no syllables, so its phones are matched with those of the reading (data/voices/festival.py).
Writes what that writes, without words. Needs flite and sox.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
from difflib import SequenceMatcher
from pathlib import Path

SAMPLE_RATE = 16_000
PAUSE = 'pau'


def timed_phones(printed: str) -> list[dict]:
    """What `flite -psdur` prints, "pau:0.2 hh:0.31 ...", ends in seconds -> phones with start and end."""
    out, start = [], 0.0
    for name, end in re.findall(r'(\S+):([0-9.]+)', printed):
        out.append({'phone': name, 'start': round(start, 4), 'end': float(end)})
        start = float(end)
    return out


def matched(reading: list[list[str]], phones: list[str]) -> list[int | None]:
    """For each phone the number of the reading's syllable that it belongs to; a phone that the reading lacks goes with the one before."""
    known = [(phone, k) for k, syllable in enumerate(reading) for phone in syllable]
    out: list[int | None] = [None] * len(phones)
    for _, i1, i2, j1, j2 in SequenceMatcher(a=[phone for phone, _ in known], b=phones, autojunk=False).get_opcodes():
        for n, j in enumerate(range(j1, j2)):
            at = min(i1 + n * (i2 - i1) // max(1, j2 - j1), i2 - 1) if i2 > i1 else max(i1 - 1, 0)
            out[j] = known[at][1]
    return out


def syllables_of(phones: list[dict], reading: list[list[str]]) -> list[dict]:
    """Phones with times, pauses among them -> syllables with times."""
    spoken = [p for p in phones if p['phone'] != PAUSE]
    out: list[dict] = []
    last = None
    for p, number in zip(spoken, matched(reading, [p['phone'] for p in spoken]), strict=True):
        if out and number == last:
            out[-1]['end'] = p['end']
            out[-1]['phones'].append(p['phone'])
        else:
            out.append({'start': p['start'], 'end': p['end'], 'phones': [p['phone']]})
        last = number
    return out


def read_aloud(voice: str, text: str, sound: Path) -> str:
    """Writes 16 kHz sound; returns what flite prints of its phones."""
    with tempfile.NamedTemporaryFile(suffix='.wav') as file:
        command = ['flite', '-voice', voice, '-psdur', '-o', file.name, '-t', text]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        subprocess.run(['sox', '-G', file.name, '-r', str(SAMPLE_RATE), '-c', '1', '-b', '16', str(sound)], check=True)
    return printed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--voice', default='rms')
    parser.add_argument('--readings', type=Path, required=True, help='JSON files of data/voices/festival.py')
    parser.add_argument('--out', type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    done = other = 0
    for path in sorted(args.readings.glob('*.json')):
        reading = json.loads(path.read_text())
        phones = timed_phones(read_aloud(args.voice, reading['text'], args.out / f'{reading["id"]}.wav'))
        syllables = syllables_of(phones, [s['phones'] for s in reading['syllables']])
        row = {'id': reading['id'], 'text': reading['text'], 'voice': f'flite {args.voice}', 'sample_rate': SAMPLE_RATE}
        row |= {'duration': phones[-1]['end'], 'phones': phones, 'syllables': syllables}
        (args.out / f'{reading["id"]}.json').write_text(json.dumps(row, indent=1))
        done, other = done + 1, other + (len(syllables) != len(reading['syllables']))
    print(f'flite {args.voice}: {done} sentences, {other} with another number of syllables than the reading')


if __name__ == '__main__':
    main()
