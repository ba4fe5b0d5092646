"""Words → phones and syllables, by flite's own dictionary and letter-to-sound rules; kept in a file, so each word is asked for once."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

BREAK = 'pau'  # a pause, among syllables and phones
VOWELS = frozenset('aa ae ah ao aw ax axr ay eh er ey ih iy ow oy uh uw'.split())
ONSETS = frozenset(
    tuple(onset.split())
    for onset in (
        'p r|p l|p y|b r|b l|b y|t r|t w|t y|d r|d w|d y|k r|k l|k w|k y|g r|g l|g w|g y|f r|f l|f y|v y|v r|th r|th w|sh r|s p|s t|s k|'
        's m|s n|s f|s l|s w|s v|hh y|hh w|m y|n y|l y|s p r|s p l|s p y|s t r|s t y|s k r|s k l|s k w|s k y'
    ).split('|')
)
SPOKEN = {'a': ['ax']}  # alone, flite names the letter


def words_of(text: str) -> list[str]:
    """The words of a text and a BREAK at every mark that makes flite pause."""
    return [BREAK if part[0] in ',.;:?!' else part for part in re.findall(r"[a-z]+(?:'[a-z]+)*|[,.;:?!]+", text.lower())]


def entry_syllables(entry: str) -> tuple[tuple[str, int], ...]:
    """'((r ih) 1) ((v er) 0)', as in Festival's lexicon → (('r ih', 1), ('v er', 0)): syllables with their stresses."""
    return tuple((phones, int(stress)) for phones, stress in re.findall(r'\(\(([a-z ]+)\) (\d)\)', entry))


def syllabify(phones: list[str]) -> list[list[str]]:
    """The syllables of one word by maximal onset; a word without a vowel is one."""
    nuclei = [i for i, p in enumerate(phones) if p in VOWELS]
    cuts = [0]
    for a, b in zip(nuclei, nuclei[1:], strict=False):
        cut = a + 1
        while cut < b and not legal(phones[cut:b]):
            cut += 1
        cuts.append(cut)
    return [phones[i:j] for i, j in zip(cuts, [*cuts[1:], len(phones)], strict=True)]


def legal(onset: list[str]) -> bool:
    return not onset or (len(onset) == 1 and onset[0] not in ('ng', 'zh')) or tuple(onset) in ONSETS


class Lexicon:
    """phones(word), syllables of texts; `learn` asks flite for new words and appends them to the file."""

    def __init__(self, path: Path):
        self.path = path
        rows = path.read_text().splitlines() if path.exists() else []
        self.phones: dict[str, list[str]] = {w: p.split() for w, p in (row.split('\t') for row in rows)} | SPOKEN

    def learn(self, texts: Iterable[str], batch: int = 2000) -> None:
        new = sorted({w for text in texts for w in words_of(text) if w != BREAK} - set(self.phones))
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for at in range(0, len(new), batch):
            part = new[at : at + batch]
            with tempfile.NamedTemporaryFile('w', suffix='.txt') as file, self.path.open('a') as out:
                file.write('\n\n'.join(part) + '\n\n')
                file.flush()
                command = ['flite', '-voice', 'kal', '-ps', '-o', 'none', '-f', file.name]
                lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
                if len(lines) != len(part):
                    raise RuntimeError(f'flite: expected the phones of {len(part)} words, got {len(lines)} lines')
                for word, line in zip(part, lines, strict=True):
                    self.phones[word] = [p for p in line.split() if p != 'pau']
                    out.write(f'{word}\t{" ".join(self.phones[word])}\n')

    def syllables(self, text: str) -> list[tuple[str, int]]:
        """(syllable, number of its word) of a text, syllables as 'b ih'; a pause at the start, the end and every mark."""
        out, number = [(BREAK, -1)], 0
        for word in words_of(text):
            if word == BREAK:
                if out[-1][0] != BREAK:
                    out.append((BREAK, -1))
            else:
                out += [(' '.join(s), number) for s in syllabify(self.phones[word]) if s]
                number += 1
        return out if out[-1][0] == BREAK else [*out, (BREAK, -1)]
