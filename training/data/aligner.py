"""`aligner`: English 16 kHz recordings and their texts -> phone, syllable and word times, by Debian's PocketSphinx (5prealpha).

    /usr/bin/python3 -m data.aligner --list items.tsv --out DIR      items.tsv: id, wav and text, tabs between

Run by the interpreter that has python3-pocketsphinx; needs pocketsphinx-en-us and, for words that its dictionary lacks, festival. That version has
no `align` command, so two grammar passes stand in for it: the words in a row, where the decoder picks pronunciations and pauses; then the phones of
these in a row, each a word of its own, pauses only where the first pass had one. Against Festival's own times 97 to 99 % of the syllables' starts are
within 50 ms. Writes DIR/ID.json; a recording whose text does not fit is named and left out.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterable
from pathlib import Path

from data.lexicon import syllabify

MODEL = Path('/usr/share/pocketsphinx/model/en-us')
FRAMES = 100  # a second
LEAST_PAUSE = 3  # frames between two words that count as a pause
SIBILANTS = frozenset(('S', 'Z', 'SH', 'ZH', 'CH', 'JH'))
TO_CMU = {'ax': 'AH', 'axr': 'ER', 'dx': 'T', 'hv': 'HH', 'nx': 'N', 'ix': 'IH', 'ux': 'UW'}  # Festival's phones, where lower case is not enough
ONES = ('zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen').split()
TENS = '_ _ twenty thirty forty fifty sixty seventy eighty ninety'.split()

Pronunciations = dict[str, list[list[str]]]  # word -> its pronunciations, CMU phones each
Phone = dict[str, object]  # phone, start, end (seconds), word: its number, None for a pause


def spelled(number: int) -> list[str]:
    """A number as words, up to 999,999; a longer one digit by digit."""
    if number < 20:
        return [ONES[number]]
    if number < 100:
        return [TENS[number // 10], *([ONES[number % 10]] if number % 10 else [])]
    if number < 1000:
        return [ONES[number // 100], 'hundred', *(spelled(number % 100) if number % 100 else [])]
    if number < 10**6:
        return [*spelled(number // 1000), 'thousand', *(spelled(number % 1000) if number % 1000 else [])]
    return [ONES[int(digit)] for digit in str(number)]


def spoken_words(text: str, known: frozenset[str] | set[str] = frozenset()) -> list[str]:
    """The words of a text as they are said: numbers spelled, capitals that are no word of the dictionary letter by letter."""
    text = re.sub(r'\b[A-Z]{2,5}\b', lambda m: m[0] if m[0].lower() in known else ' '.join(m[0]), text)
    text = text.lower().replace('’', "'").replace('%', ' percent ').replace('&', ' and ')
    out = []
    for found in re.findall(r"[a-z']+|\d+", text):
        word = found.strip("'") if found.isdigit() or not found.strip("'") else re.sub(r"^'+|'+$", '', found)
        if word:
            out += spelled(int(word)) if word.isdigit() else [word]
    return out


def to_cmu(phone: str) -> list[str]:
    """Festival's phone as CMU's dictionary has it; a syllabic consonant is two."""
    phone = phone.lower()
    if phone in ('el', 'em', 'en'):
        return ['AH', phone[1].upper()]
    return [TO_CMU.get(phone, phone.upper())]


def read_dictionary(path: Path) -> Pronunciations:
    words: Pronunciations = {}
    for line in path.open(encoding='latin1'):
        word, *phones = line.split()
        words.setdefault(re.sub(r'\(\d+\)$', '', word), []).append(phones)
    return words


def by_rule(words: list[str]) -> Pronunciations:
    """Festival's letter-to-sound rules."""
    if not words:
        return {}
    asked = ''.join(f'(format t "%s\\t%l\\n" "{word}" (lex.lookup "{word}" nil))' for word in words)
    with tempfile.NamedTemporaryFile('w', suffix='.scm') as file:
        file.write(f'(voice_kal_diphone){asked}')
        file.flush()
        lines = subprocess.run(['festival', '-b', file.name], capture_output=True, text=True).stdout.splitlines()
    out: Pronunciations = {}
    for word, entry in (line.split('\t') for line in lines):
        phones = [phone for group in re.findall(r'\(\(([a-z ]+)\) [012]\)', entry) for phone in group.split()]
        if phones:
            out[word] = [[cmu for phone in phones for cmu in to_cmu(phone)]]
    return out


def with_possessive(phones: list[str]) -> list[str]:
    """A pronunciation and its 's: IH Z after a sibilant."""
    return [*phones, *(['IH', 'Z'] if phones[-1] in SIBILANTS else ['Z'])]


def pronunciations(words: Iterable[str], dictionary: Pronunciations) -> Pronunciations:
    """What is known of the words, by the dictionary, else by rule; a possessive as its word."""
    unknown = sorted({word for word in words if word not in dictionary})
    known = dictionary | by_rule([word for word in unknown if "'" not in word])
    for word in unknown:
        if word not in known and word.endswith("'s"):
            base = known.get(word[:-2]) or by_rule([word[:-2]]).get(word[:-2], [])
            known[word] = [with_possessive(phones) for phones in base]
    return {word: known[word] for word in words if known.get(word)}


def is_pause(word: str) -> bool:
    return word.startswith(('<', '[', '++'))


def chosen_phones(segments: list[tuple[str, int, int]], known: Pronunciations) -> tuple[list[str], list[int | None]]:
    """What the first pass found -> its phones, SIL where it paused, and the number of each one's word."""
    phones: list[str] = []
    of: list[int | None] = []
    word = -1
    for name, first, last in segments:
        if is_pause(name):
            if last - first + 1 >= LEAST_PAUSE and (not phones or phones[-1] != 'SIL'):
                phones.append('SIL')
                of.append(None)
        elif name != '(NULL)':
            word += 1
            base, variant = re.fullmatch(r'(.*?)(?:\((\d+)\))?', name).groups()
            said = known[base][int(variant or 1) - 1]
            phones += said
            of += [word] * len(said)
    return phones, of


def grouped(phones: list[Phone], words: list[str]) -> tuple[list[dict], list[dict]]:
    """Syllables by maximal onset, and words, with their times."""
    syllables, spans = [], []
    for number, word in enumerate(words):
        mine = [p for p in phones if p['word'] == number]
        if not mine:
            continue
        spans.append({'word': word, 'start': mine[0]['start'], 'end': mine[-1]['end']})
        at = 0
        for part in syllabify([str(p['phone']).lower() for p in mine]):
            some = mine[at : at + len(part)]
            at += len(part)
            syllables.append({'start': some[0]['start'], 'end': some[-1]['end'], 'phones': part, 'word': word})
    return syllables, spans


class Aligner:
    """Two decoders for some words. `align` gives the phones of a recording; raises ValueError where text and sound do not meet."""

    def __init__(self, words: Iterable[str], folder: Path):
        words = sorted(set(words))
        self.known = pronunciations(words, read_dictionary(MODEL / 'cmudict-en-us.dict'))
        lines = [f'{word}{f"({n})" if n > 1 else ""} {" ".join(said)}\n' for word in words for n, said in enumerate(self.known.get(word, []), 1)]
        (folder / 'words.dict').write_text(''.join(lines), encoding='latin1')
        phones = sorted({phone for said in self.known.values() for one in said for phone in one})
        (folder / 'phones.dict').write_text(''.join(f'ph_{phone.lower()} {phone}\n' for phone in phones) + 'ph_sil SIL\n')
        self.words = self._decoder(folder / 'words.dict')
        self.phones = self._decoder(folder / 'phones.dict', fillers=False)

    @staticmethod
    def _decoder(dictionary: Path, fillers: bool = True):
        from pocketsphinx import Decoder  # Debian's, which other interpreters do not have

        config = Decoder.default_config()
        for name, value in (('-hmm', MODEL / 'en-us'), ('-dict', dictionary), ('-logfn', '/dev/null'), ('-cmn', 'batch')):
            config.set_string(name, str(value))
        for name, number in (('-beam', 1e-80), ('-wbeam', 1e-60), ('-pbeam', 1e-80), ('-lw', 1.0)):
            config.set_float(name, number)
        config.set_boolean('-bestpath', False)
        config.set_boolean('-remove_silence', False)  # by default frames are dropped, and every later time is wrong
        if not fillers:
            config.set_boolean('-fsgusefiller', False)
        return Decoder(config)

    @staticmethod
    def _decode(decoder, sound: bytes, sequence: list[str]) -> list[tuple[str, int, int]]:
        """The sequence and nothing else, as the decoder finds it in the sound: word, first and last frame."""
        decoder.set_jsgf_string('chain', f'#JSGF V1.0; grammar g; public <s> = {" ".join(sequence)} ;')
        decoder.set_search('chain')
        decoder.start_utt()
        decoder.process_raw(sound, False, True)
        decoder.end_utt()
        return [(s.word, s.start_frame, s.end_frame) for s in decoder.seg()] if decoder.hyp() is not None else []

    def align(self, sound: bytes, words: list[str]) -> list[Phone]:
        if missing := [word for word in words if word not in self.known]:
            raise ValueError(f'no pronunciation: {" ".join(missing)}')
        segments = self._decode(self.words, sound, words)
        if sum(not is_pause(name) and name != '(NULL)' for name, _, _ in segments) != len(words):
            raise ValueError('pass 1 did not reach the end')
        phones, of = chosen_phones(segments, self.known)
        found = [s for s in self._decode(self.phones, sound, [f'ph_{p.lower()}' for p in phones]) if s[0].startswith('ph_')]
        if len(found) != len(phones):
            raise ValueError('pass 2 found no path')
        return [
            {'phone': name[3:].upper().split('(')[0], 'start': round(a / FRAMES, 3), 'end': round((b + 1) / FRAMES, 3), 'word': word}
            for (name, a, b), word in zip(found, of, strict=True)
        ]


def read_sound(path: str) -> bytes:
    with wave.open(path) as file:
        if (file.getframerate(), file.getnchannels()) != (16_000, 1):
            raise ValueError(f'expected 16 kHz and one channel, got {file.getframerate()} Hz and {file.getnchannels()}')
        return file.readframes(file.getnframes())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--list', type=Path, required=True)
    parser.add_argument('--out', type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    items = [line.split('\t') for line in args.list.read_text(encoding='utf-8').splitlines() if line.strip()]
    known = frozenset(read_dictionary(MODEL / 'cmudict-en-us.dict'))
    texts = {uid: spoken_words(text, known) for uid, _, text in items}
    aligned = 0
    with tempfile.TemporaryDirectory() as folder:
        aligner = Aligner((word for words in texts.values() for word in words), Path(folder))
        for uid, path, text in items:
            if not texts[uid]:
                continue
            try:
                sound = read_sound(path)
                phones = aligner.align(sound, texts[uid])
            except ValueError as error:
                print(f'{uid}: not aligned: {error}', file=sys.stderr)
                continue
            syllables, words = grouped(phones, texts[uid])
            times = [{'phone': str(p['phone']).lower(), 'start': p['start'], 'end': p['end']} for p in phones]
            row = {'id': uid, 'text': text, 'voice': 'human', 'sample_rate': 16_000, 'duration': round(len(sound) / 32_000, 4)}
            (args.out / f'{uid}.json').write_text(json.dumps(row | {'phones': times, 'syllables': syllables, 'words': words}, indent=1))
            aligned += 1
    print(f'{aligned} of {len(items)} aligned')


if __name__ == '__main__':
    main()
