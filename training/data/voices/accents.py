"""`accents`: English by the diphone voices of other languages, more throats than Debian's English voices have, with exact times.

    python -m data.voices.accents --readings runs/synth/ref --out runs/synth/accents

Festival's reading of a text (phones, durations, syllables; its sound is not used) is said again with the nearest phones of Czech, Finnish,
Hindi and Italian voices, each at a pitch and a tempo of its own for every utterance. Where a voice has another consonant ("dh" is said
as "d") the labels say what was said. Diphones that a voice lacks are parted by 15 ms of its silence.
Writes OUT/VOICE_ID.wav (16 kHz) and OUT/VOICE_ID.json as data/voices/flite.py does.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from data.places import RUNS
from data.voices.readings import write_wave

GAP = 0.015  # seconds
BATCH = 64


@dataclass(frozen=True)
class Accent:
    """phones: an English phone → the voice's own, two for a diphthong, none for one left out; said: → the English phone that this is."""

    voices: dict[str, float]  # Festival's name → pitch, Hz
    silence: str
    phones: dict[str, str]
    said: dict[str, str]


def table(text: str) -> dict[str, str]:
    """'ch=c~ ay=a+j hh=' → {'ch': 'c~', 'ay': 'a j', 'hh': ''}"""
    return {name: own.replace('+', ' ') for name, own in (entry.split('=') for entry in text.split())}


ACCENTS = (
    Accent(
        {'czech_ph': 100, 'czech_dita': 190, 'czech_machac': 105, 'czech_krb': 250},
        '#',
        table(
            'aa=a: ae=e: ah=a ao=o: aw=a+u ax=a ay=a+j b=b ch=c~ d=d dh=d eh=e er=e+r ey=e+j f=f g=g hh=h ih=i iy=i: jh=dz~ k=k l=l m=m n=n '
            'ng=n* ow=o+u oy=o+j p=p r=r s=s sh=s~ t=t th=t uh=u uw=u: v=v w=v y=j z=z zh=z~'
        ),
        {'dh': 'd', 'th': 't', 'w': 'v'},
    ),
    Accent(
        {'lp_diphone': 180, 'pc_diphone': 110},
        '#',
        table(
            'aa=a1 ae=E1 ah=a ao=O1 aw=a1+u ax=a ay=a1+i b=b ch=tS d=d dh=d eh=E1 er=E+r ey=e1+i f=f g=g hh= ih=i iy=i1 jh=dZ k=k l=l m=m n=n '
            'ng=ng ow=o1+u oy=O1+i p=p r=r s=s sh=S t=t th=t uh=u uw=u1 v=v w=w y=j z=z zh=Z'
        ),
        {'dh': 'd', 'th': 't'},
    ),
    Accent(
        {'suo_fi_lj_diphone': 180, 'hy_fi_mv_diphone': 100},
        '##',
        table(
            'aa=a: ae=&: ah=a ao=o: aw=a+u ax=a ay=a+i b=b ch=t+S d=d dh=d eh=e er=7+r ey=e+i f=f g=g hh=h ih=i iy=i: jh=d+S k=k l=l m=m n=n '
            'ng=N ow=o+u oy=o+i p=p r=r s=s sh=S t=t th=t uh=u uw=u: v=v w=v y=j z=s zh=S'
        ),
        {'dh': 'd', 'th': 't', 'w': 'v', 'z': 's', 'zh': 'sh'},
    ),
    Accent(
        {'hindi_NSK_diphone': 120},
        'pau',
        table(
            'aa=aa ae=ay ah=a ao=oh aw=aw ax=a ay=aa+y b=b ch=ch d=D dh=dh eh=eh er=a+r ey=ee f=f g=g hh=h ih=ih iy=iy jh=j k=k l=l m=m n=n '
            'ng=n+g ow=oo oy=oh+y p=p r=r s=s sh=sh t=T th=th uh=uh uw=uw v=v w=v y=y z=j zh=sh'
        ),
        {'w': 'v', 'z': 'jh', 'zh': 'sh'},
    ),
)

Piece = tuple[str, float]  # a voice's phone and its seconds


def pieces_of(phone: str, seconds: float, accent: Accent) -> list[Piece]:
    """One English phone as the voice says it."""
    own = [accent.silence] if phone == 'pau' else accent.phones[phone].split()
    return [(p, seconds * share) for p, share in zip(own, ((1.0,), (0.6, 0.4))[len(own) > 1], strict=False)]


def parted(spoken: list[list[Piece]], missing: set[tuple[str, str]], silence: str) -> list[list[Piece]]:
    """The pieces of each phone, with a gap after each that does not join the next."""
    flat = [(k, piece) for k, pieces in enumerate(spoken) for piece in pieces]
    out: list[list[Piece]] = [[] for _ in spoken]
    for n, (k, piece) in enumerate(flat):
        out[k].append(piece)
        if n + 1 < len(flat) and (piece[0], flat[n + 1][1][0]) in missing:
            out[k].append((silence, GAP))
    return out


def segments(spoken: list[list[Piece]], stressed: list[bool], pitch: float, lively: float) -> str:
    """Festival's list of phones with their seconds and, at the middle of each phone, a pitch that falls and rises at stresses."""
    total, at, out = sum(s for pieces in spoken for _, s in pieces), 0.0, []
    for pieces, stress in zip(spoken, stressed, strict=True):
        for name, seconds in pieces:
            hertz = pitch * (1.12 - 0.24 * at / total + lively * stress)
            out.append(f'("{name}" {seconds:.4f} ({seconds / 2:.4f} {hertz:.0f}))')
            at += seconds
    return ' '.join(out)


def synthesise(voice: str, utterances: list[str], folder: Path) -> set[tuple[str, str]]:
    """Writes folder/N.wav for each list of segments; returns the diphones that the voice lacks."""
    lines = [f'(voice_{voice})']
    lines += [f'(utt.save.wave (utt.synth (Utterance Segments ({u}))) "{folder}/{n}.wav" \'riff)' for n, u in enumerate(utterances)]
    script = folder / 'said.scm'
    script.write_text('\n'.join(lines) + '\n')
    done = subprocess.run(['festival', '-b', str(script)], capture_output=True, text=True, check=False, errors='replace')
    return set(re.findall(r'default diphone \S+ for (\S+?)-(\S+)', done.stdout + done.stderr))


def retold(reading: dict, spoken: list[list[Piece]], accent: Accent) -> dict:
    """The reading with the times and the consonants that were spoken."""
    names = [accent.said.get(p['phone'], p['phone']) for p in reading['phones']]
    ends = np.cumsum([sum(s for _, s in pieces) for pieces in spoken])
    times = [(name, end - sum(s for _, s in pieces), end, bool(pieces)) for name, end, pieces in zip(names, ends, spoken, strict=True)]
    syllables = []
    for s in reading['syllables']:
        inside = [t for t, p in zip(times, reading['phones'], strict=True) if s['start'] - 1e-4 <= p['start'] < s['end'] - 1e-4 and t[3]]
        if inside:
            syllables.append({'start': round(inside[0][1], 5), 'end': round(inside[-1][2], 5), 'phones': [t[0] for t in inside]})
    phones = [{'phone': name, 'start': round(a, 5), 'end': round(b, 5)} for name, a, b, there in times if there]
    return {'text': reading['text'], 'phones': phones, 'syllables': syllables}


def speak_accent(accent: Accent, voice: str, readings: list[dict], out: Path, rng: np.random.Generator) -> None:
    """One voice reads everything, each utterance at a tempo and a pitch of its own."""
    missing: set[tuple[str, str]] = set()
    for at in range(0, len(readings), BATCH):
        part = readings[at : at + BATCH]
        spoken, stressed, melody = [], [], []
        for reading in part:
            tempo = float(np.exp(rng.uniform(-0.2, 0.25)))
            spoken.append([pieces_of(p['phone'], max(0.02, (p['end'] - p['start']) * tempo), accent) for p in reading['phones']])
            stresses = [(s['start'], s['end']) for s in reading['syllables'] if s['stress']]
            stressed.append([any(a <= p['start'] < b for a, b in stresses) for p in reading['phones']])
            melody.append((accent.voices[voice] * float(np.exp(rng.uniform(-0.2, 0.2))), float(rng.uniform(0, 0.25))))
        with tempfile.TemporaryDirectory() as name:
            while True:
                spoken = [parted(s, missing, accent.silence) for s in spoken]
                texts = [segments(s, st, *m) for s, st, m in zip(spoken, stressed, melody, strict=True)]
                found = synthesise(voice, texts, Path(name)) - missing
                if not found:
                    break
                missing |= found
            for n, (reading, pieces) in enumerate(zip(part, spoken, strict=True)):
                if (wave := Path(name) / f'{n}.wav').exists():
                    samples, rate = soundfile.read(wave, dtype='float32')
                    path = out / f'{voice}_{reading["id"]}.wav'
                    write_wave(path, samples, rate)
                    path.with_suffix('.json').write_text(json.dumps(retold(reading, pieces, accent)))
        print(f'{voice}: {at + len(part)} of {len(readings)}, {len(missing)} diphones that it lacks', flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--readings', type=Path, default=RUNS / 'synth/ref', help='JSON files of data/voices/festival.py')
    parser.add_argument('--out', type=Path, default=RUNS / 'synth/accents')
    args = parser.parse_args()
    readings = [json.loads(path.read_text()) for path in sorted(args.readings.glob('*.json'))]
    voices = [(accent, voice) for accent in ACCENTS for voice in accent.voices]
    args.out.mkdir(parents=True, exist_ok=True)
    for k, (accent, voice) in enumerate(voices):
        speak_accent(accent, voice, readings[k :: len(voices)], args.out, np.random.default_rng(k))


if __name__ == '__main__':
    main()
