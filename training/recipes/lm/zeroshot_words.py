"""Zero-shot items (a): a word that training heard at least 20 times against a matched pseudo-word.

Two words of the same number of syllables and the same stresses swap their ends: A1 A2 and B1 B2 give the pseudo-words A1 B2 and B1 A2,
so over a quadruple every part is as often right as wrong, in the same place. Parts that change places differ by at most one phone.
A pseudo-word is no word of the dictionary (105,900 words, festlex-cmu), and no two heard words in a row. Word and pseudo-word are both
said from a lexicon entry, by one voice.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from data.lexicon import entry_syllables, words_of

DICTIONARY = Path('/usr/share/festival/dicts/cmu/cmudict-0.4.out')
LEAST_HEARD = 20
DEV_PERCENT = 25  # of the words
Syllables = tuple[tuple[str, int], ...]  # ('m ow', stress), ...


def dictionary(path: Path = DICTIONARY) -> dict[str, list[Syllables]]:
    """Festival's lexicon: word → its pronunciations in syllables."""
    found: dict[str, list[Syllables]] = defaultdict(list)
    for line in path.read_text(encoding='latin1').splitlines():
        if match := re.match(r'\("([a-z]+)" \S+ \((.*)\)\)$', line):
            found[match[1]].append(entry_syllables(match[2]))
    return found


def heard(manifests: Iterable[Path]) -> Counter:
    """How often each word was said in training speech."""
    return Counter(w for path in manifests for line in path.open(encoding='utf-8') for w in words_of(json.loads(line)['text']))


def phones(syllables: Iterable[tuple[str, int]]) -> str:
    return ' '.join(p for p, _ in syllables)


def matched(a: Syllables, b: Syllables) -> bool:
    """Whether two ends, or beginnings, may change places."""
    return a != b and [s for _, s in a] == [s for _, s in b] and abs(len(phones(a).split()) - len(phones(b).split())) <= 1


def candidates(counts: Counter, words: dict[str, list[Syllables]], split: str, least: int) -> list[tuple[str, Syllables]]:
    """Words of a split with one pronunciation of two or more syllables, heard often enough."""
    out = []
    for word in sorted(w for w, n in counts.items() if n >= least and len(words.get(w, ())) == 1):
        dev = int(hashlib.sha256(word.encode()).hexdigest(), 16) % 100 < DEV_PERCENT
        if dev == (split == 'dev') and len(words[word][0]) >= 2:
            out.append((word, words[word][0]))
    return out


def word_items(
    counts: Counter, split: str, voices: list[str], pairs: int, *, least: int = LEAST_HEARD, uses: int = 10, seed: int = 0
) -> tuple[list[dict], list[dict]]:
    """Rows to speak and pairs to score. uses: in how many quadruples a word may be."""
    words = dictionary()
    taken = {phones(s) for said in words.values() for s in said}
    common = {phones(words[w][0]) for w, n in counts.items() if n >= least and w in words}
    rng = np.random.default_rng(seed)
    pool = candidates(counts, words, split, least)
    both = [(i, j) for i in range(len(pool)) for j in range(i) if len(pool[i][1]) == len(pool[j][1])]
    used: Counter = Counter()
    rows: dict[str, dict] = {}
    out: list[dict] = []

    def say(syllables: Syllables, voice: str, word: str | None) -> str:
        name = hashlib.sha256(phones(syllables).encode()).hexdigest()[:10].translate(str.maketrans('0123456789', 'ghijklmnop'))
        entry = ' '.join(f'(({p}) {s})' for p, s in syllables)
        row = {'id': f'word/{voice}-{name}', 'text': f'Zq{name}.', 'voice': voice, 'entry': entry, 'word': word, 'said': phones(syllables)}
        return rows.setdefault(row['id'], row)['id']

    for i, j in rng.permutation(np.array(both, int).reshape(-1, 2)):
        if len(out) >= pairs:
            break
        (wa, a), (wb, b) = pool[i], pool[j]
        cut = int(rng.integers(1, len(a)))
        parts = (a[:cut], a[cut:], b[:cut], b[cut:])
        if max(used[wa], used[wb]) >= uses or not (matched(parts[0], parts[2]) and matched(parts[1], parts[3])):
            continue
        wrong = (parts[0] + parts[3], parts[2] + parts[1])
        if any(phones(w) in taken or (phones(w[:k]) in common and phones(w[k:]) in common) for w in wrong for k in range(1, len(w))):
            continue
        voice = voices[len(out) // 2 % len(voices)]
        used.update((wa, wb))
        for word, right, pseudo in ((wa, a, wrong[0]), (wb, b, wrong[1])):
            pair = {'test': 'word', 'kind': f'{len(a)} syllables', 'voice': voice, 'cluster': word}
            out.append(pair | {'right': say(right, voice, word), 'wrong': say(pseudo, voice, None)})
    return list(rows.values()), out
