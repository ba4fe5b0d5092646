"""`simulate`: all text → unit sequences, by a model of units given syllable, neighbours and speaker.

    python -m recipes.lm.simulate --speech runs/lm/speech/train --copies 2 --out runs/lm/simulated.jsonl

Fitted on speech whose text and phone times are known (manifest.jsonl: text, speaker, phones; units.jsonl beside it). Every unit of it
belongs to the syllable, or pause, that it overlaps most, so each syllable has a list of no, one or several units. To simulate a text
for a speaker, every syllable takes the list of one of that speaker's own like it: if it can, of the one that follows the one before
(two neighbours share a unit, or miss one, together), else of one with the same phones on both sides, on one side, of the same syllable,
of one with the same rime, onset or vowel. A voice read by another throat counts as another speaker. Training text only.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from itertools import islice
from pathlib import Path

import numpy as np

from bundle.units import read_units
from data.lexicon import BREAK, VOWELS, Lexicon
from data.places import RUNS
from data.shards import PHONES
from data.voices.readings import passages

PAUSES = {'pau', 'sil', 'ssil'}
FOLLOW = 0.7  # how often a syllable goes on from the one chosen before, when the speech has that
LENGTHS = ((35, 75), (100, 160))  # words of a passage, by turns: as speech has them, and as long as the model's window
PHRASE = (2, 4)  # words of a phrase, as someone says who wants something
LEAST = (4, 4, 4, 2, 3, 3, 1)  # examples that each kind of likeness needs


def speaker_of(row: dict) -> str:
    """A voice, of one of three sizes; of Kokoro's mixed voices only whether it is a man's, of a corpus of many people only its name."""
    if 'voice' in row:
        return 'kokoro-' + row['voice'][1]
    if 'corpus' in row:
        return row['speaker'] if row['corpus'] == 'accents' else row['corpus']
    formants = row.get('formants', 1.0)
    return f'{row["speaker"]}-{"low" if formants < 0.95 else "high" if formants > 1.06 else "plain"}'


def family_of(speaker: str) -> str:
    """A voice of any size."""
    return speaker.removesuffix('-low').removesuffix('-plain').removesuffix('-high')


def spoken_syllables(text: str, phones: list[list], lexicon: Lexicon) -> list[tuple[str, float, float]]:
    """(syllable or BREAK, start, end): the lexicon's syllables of a text laid over the phones that were spoken."""
    wanted = [(p, k) for k, (s, _) in enumerate(lexicon.syllables(text)) if s != BREAK for p in s.split()]
    names = {k: s for k, (s, _) in enumerate(lexicon.syllables(text))}
    heard = [p for p in phones if p[0].lower() not in PAUSES]
    of: list[int | None] = [None] * len(heard)
    matcher = SequenceMatcher(a=[p for p, _ in wanted], b=[p[0].lower() for p in heard], autojunk=False)
    for _, a0, a1, b0, b1 in matcher.get_opcodes():
        for m in range(b1 - b0):
            place = a0 + m * (a1 - a0) // max(1, b1 - b0) if a1 > a0 else a0 - 1
            if 0 <= place < len(wanted):
                of[b0 + m] = wanted[place][1]
    out: list[list] = []
    spoken = iter(of)
    for phone, start, end in phones:
        k = -1 if phone.lower() in PAUSES else next(spoken)
        if k is None:
            continue
        if out and out[-1][0] == k:
            out[-1][2] = end
        else:
            out.append([k, start, end])
    return [(BREAK if k < 0 else names[k], start, end) for k, start, end in out]


def emissions(syllables: list[tuple[str, float, float]], units: list[list]) -> list[tuple[int, ...]]:
    """The units of each syllable: those that overlap it more than any other; times of units in samples."""
    lists: list[list[int]] = [[] for _ in syllables]
    for unit, start, end, *_ in units:
        overlap = [min(e, end / 16_000) - max(s, start / 16_000) for _, s, e in syllables]
        lists[max(range(len(overlap)), key=overlap.__getitem__)].append(unit)
    return [tuple(u) for u in lists]


def keys(syllable: str, left: str, right: str) -> list[tuple]:
    """What makes two syllables alike, strictest first; left, right: the phones beside it."""
    phones = syllable.split()
    at = next((i for i, p in enumerate(phones) if p in VOWELS), 0)
    onset, vowel, coda = ' '.join(phones[:at]), phones[at], ' '.join(phones[at + 1 :])
    return [
        (syllable, left, right), ('l', syllable, left), ('r', syllable, right), (syllable,),
        ('rime', vowel, coda), ('onset', onset, vowel), ('vowel', vowel),
    ]  # fmt: skip


def contexts(syllables: list[str]) -> Iterator[list[tuple]]:
    """The keys of every syllable of a text."""
    for i, s in enumerate(syllables):
        left = syllables[i - 1].split()[-1] if i else BREAK
        right = syllables[i + 1].split()[0] if i + 1 < len(syllables) else BREAK
        yield keys(s, left, right)


class UnitModel:
    """Every syllable heard, by speaker and likeness. `places` point into one long list, where neighbours lie side by side."""

    def __init__(self) -> None:
        self.names: list[str | None] = []
        self.lists: list[tuple[int, ...]] = []
        self.places: dict[str, dict[tuple, list[int]]] = defaultdict(lambda: defaultdict(list))

    def add(self, speaker: str, syllables: list[str], lists: list[tuple[int, ...]]) -> None:
        for keys_, name, units in zip(contexts(syllables), syllables, lists, strict=True):
            for key in keys_:
                self.places[speaker][key].append(len(self.lists))
            self.names.append(name)
            self.lists.append(units)
        self.names.append(None)  # nothing goes on across utterances
        self.lists.append(())

    def speakers(self, least: int = 1000) -> list[str]:
        """Those heard saying at least so many syllables."""
        return sorted(s for s, places in self.places.items() if sum(len(v) for k, v in places.items() if k[0] == 'vowel') >= least)

    def units(self, speakers: list[str], syllables: list[str], rng: random.Random) -> list[int]:
        """The units of a text by one speaker, or by a made-up one, who says each syllable always as one of several does."""
        out: list[int] = []
        place, before, salt = -1, '', rng.random()
        for keys_, name in zip(contexts(syllables), syllables, strict=True):
            speaker = speakers[0] if len(speakers) == 1 else random.Random(f'{name}{salt}').choice(speakers)
            if place >= 0 and speaker == before and self.names[place + 1] == name and rng.random() < FOLLOW:
                place += 1
            else:
                index = self.places[speaker]
                found = next((index[k] for k, least in zip(keys_, LEAST, strict=True) if len(index.get(k, ())) >= least), None)
                place = -1 if found is None else found[int(rng.random() * len(found))]
            before = speaker
            if place >= 0:
                out += self.lists[place]
        return out


def confusions(model: UnitModel, vocabulary: int) -> np.ndarray:
    """How often one telling of a syllable has unit a where another has b, (U, U), rows sum to 1: of all pairs of speakers alike.

    Only syllables that are a single unit count; a unit that was never one is only itself.
    """
    together = np.zeros((vocabulary, vocabulary))
    said: dict[str, list[np.ndarray]] = defaultdict(list)
    for places in model.places.values():
        for key, at in places.items():
            if len(key) == 1:
                units = [model.lists[k][0] for k in at if len(model.lists[k]) == 1]
                if units:
                    said[key[0]].append(np.bincount(units, minlength=vocabulary))
    for counts in said.values():
        mean = np.mean([c / c.sum() for c in counts], 0)
        together += np.outer(mean, mean) * np.sum(counts)
    alone = together.sum(1) == 0
    together[alone, alone] = 1
    return (together / together.sum(1, keepdims=True)).astype(np.float32)


def timed_rows(folder: Path) -> Iterator[dict]:
    """Rows with key, text and named phones: of a manifest.jsonl (data/voices/readings.py, ../shared/timed-speech) or of a shard of data/shards.py
    (train split)."""
    shard = folder / 'utterances.jsonl'
    for row in map(json.loads, (shard if shard.exists() else folder / 'manifest.jsonl').open(encoding='utf-8')):
        if shard.exists():
            if row['split'] == 'train':
                yield row | {'key': row['id'], 'phones': [[PHONES[p], a, b] for p, a, b in row['phones']]}
        else:
            yield row | {'key': key_of(row['path']), 'phones': row['aligned']['phones'] if 'aligned' in row else row['phones']}


def key_of(path: str) -> str:
    """How a shard names a recording."""
    return str(Path(path).with_suffix('')).replace('/', '_')


def fit(folders: Iterable[tuple[Path, Path]], lexicon: Lexicon) -> UnitModel:
    """From folders of timed speech, each with its file of units."""
    model = UnitModel()
    for folder, path in folders:
        units = {key_of(p): u for p, u in read_units(path)[1].items()}
        rows = [r for r in timed_rows(folder) if r['key'] in units and r['phones'] and isinstance(r['phones'][0][0], str)]
        lexicon.learn(row['text'] for row in rows)
        for row in rows:
            said = spoken_syllables(row['text'], row['phones'], lexicon)
            if said:
                model.add(speaker_of(row), [s for s, _, _ in said], emissions(said, units[row['key']]))
    return model


def phrase_of(text: str, rng: random.Random) -> str:
    """Some words of a text that follow each other."""
    words, size = text.split(), rng.randint(*PHRASE)
    at = rng.randrange(max(1, len(words) - size + 1))
    return ' '.join(words[at : at + size])


def main() -> None:
    runs = RUNS / 'lm'
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--speech', type=Path, nargs='+', default=[runs / 'speech/train'], help='folders of data/voices/readings.py, timed speech, shards'
    )
    parser.add_argument('--units', type=Path, nargs='+', help='their units (default: units.jsonl in each)')
    parser.add_argument('--texts', type=Path, default=runs / 'texts.jsonl')
    parser.add_argument('--lexicon', type=Path, default=runs / 'lexicon.tsv')
    parser.add_argument('--copies', type=int, default=2, help='how often every passage is read')
    parser.add_argument('--phrases', type=int, default=0, help='how many copies more have only a phrase of every passage')
    parser.add_argument('--blend', type=float, default=0.0, help='share of passages by made-up speakers, who take after three of them')
    parser.add_argument('--limit', type=int, help='at most so many passages')
    parser.add_argument('--out', type=Path, default=runs / 'simulated.jsonl')
    parser.add_argument(
        '--confusions', type=Path, help='write only these, a .npy for recipes/lm/train.py: which units different speakers have for one syllable'
    )
    args = parser.parse_args()
    lexicon = Lexicon(args.lexicon)
    paths = args.units or [folder / 'units.jsonl' for folder in args.speech]
    model, total = fit(zip(args.speech, paths, strict=True), lexicon), 0
    if args.confusions:
        np.save(args.confusions, confusions(model, read_units(paths[0])[0]['merged'] + 2))
        return
    speakers = model.speakers() or model.speakers(1)  # little speech: everyone
    if not speakers:
        raise SystemExit('expected speech with units, a text and phone times')
    families = [[s for s in speakers if family_of(s) == f] for f in sorted(set(map(family_of, speakers)))]
    print(f'{len(model.lists)} syllables of {len(speakers)} speakers: {", ".join(speakers)}', flush=True)
    cuts = [list(islice(passages(args.texts, 'train', words), args.limit)) for words in LENGTHS[: max(1, args.copies)]]
    lexicon.learn(row['text'] for rows in cuts for row in rows)
    with args.out.open('w', encoding='utf-8') as out:
        out.write(json.dumps(read_units(paths[0])[0] | {'simulated': True}) + '\n')
        for copy in range(args.copies + args.phrases):
            rng = random.Random(copy)
            rows = cuts[copy % 2] if copy < args.copies else [row | {'text': phrase_of(row['text'], rng)} for row in cuts[0]]
            for row in rows:
                chosen = [rng.choice(voices) for voices in rng.sample(families, min(3, len(families)))]
                chosen = chosen if rng.random() < args.blend else chosen[:1]
                units = model.units(chosen, [s for s, _ in lexicon.syllables(row['text'])], rng)
                out.write(json.dumps({'path': f'{row["id"]}#{copy}', 'units': [[u, 0, 0] for u in units]}) + '\n')
                total += len(units)
            print(f'copy {copy + 1} of {args.copies + args.phrases}: {total} units', flush=True)


if __name__ == '__main__':
    main()
