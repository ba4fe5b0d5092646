"""Zero-shot items (b): a grammatical sentence against a minimally ungrammatical one, from templates that are in no training text.

What is right in one sentence, a form or an order, is wrong in another, and both are items: nothing is favoured by being more frequent,
shorter, or, as a voice runs over it, cut into rarer units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from data.splits import plain

NOUNS = [w.split('/') for w in (
    'king/kings servant/servants prophet/prophets priest/priests child/children man/men woman/women brother/brothers stranger/strangers '
    'worker/workers soldier/soldiers teacher/teachers friend/friends master/masters shepherd/shepherds judge/judges prince/princes '
    'captain/captains son/sons daughter/daughters'
).split()]  # fmt: skip
MEN = 'king man boy father brother son husband prince'.split()
WOMEN = 'queen woman girl mother sister daughter wife widow'.split()
VERBS = [w.split('/') for w in (
    'speak/speaks walk/walks work/works sleep/sleeps fall/falls come/comes stand/stands fight/fights live/lives pray/prays wait/waits '
    'sing/sings return/returns'
).split()]  # fmt: skip
TRANSITIVE = 'saw loved heard knew feared hated served followed helped called found led'.split()
PARTICIPLES = [
    w.split('/')
    for w in 'see/seen take/taken give/given write/written speak/spoken eat/eaten break/broken choose/chosen know/known forget/forgotten'.split()
]
ADVERBS = [w.split('/') for w in 'wise/wisely glad/gladly sad/sadly bold/boldly quick/quickly slow/slowly brave/bravely proud/proudly'.split()]
COUNTED = 'stones trees ships houses books horses letters soldiers'.split()
MEASURED = 'water gold wine bread sand corn silver wood'.split()
PLACES = 'city house river mountain temple field wilderness sea village garden'.split()
TIMES = ['every day', 'at night', 'in the morning', 'again', 'together', 'in peace', 'alone']

Pairs = list[tuple[str, str]]
Draw = Callable[[list], str]


def agreement(draw: Draw) -> Pairs:
    (one, many), (plural, single), when = draw(NOUNS), draw(VERBS), draw(TIMES)
    return [(f'The {one} {single} {when}.', f'The {one} {plural} {when}.'), (f'The {many} {plural} {when}.', f'The {many} {single} {when}.')]


def agreement_across(draw: Draw) -> Pairs:
    (one, many), (other, others), (plural, single) = draw(NOUNS), draw(NOUNS), draw(VERBS)
    first = (f'The {one} beside the {others} {single}.', f'The {one} beside the {others} {plural}.')
    return [first, (f'The {many} beside the {other} {plural}.', f'The {many} beside the {other} {single}.')]


def determiner_noun(draw: Draw) -> Pairs:
    (one, many), verb, place = draw(NOUNS), draw(TRANSITIVE), draw(PLACES)
    frame = f'We {verb} {{}} in the {place}.'.format
    return [(frame(f'this {one}'), frame(f'this {many}')), (frame(f'these {many}'), frame(f'these {one}'))]


def reflexive(draw: Draw) -> Pairs:
    he, she, verb, place = draw(MEN), draw(WOMEN), draw(TRANSITIVE), draw(PLACES)
    frame = f'The {{}} {verb} {{}} near the {place}.'.format
    return [(frame(he, 'himself'), frame(he, 'herself')), (frame(she, 'herself'), frame(she, 'himself'))]


def participle(draw: Draw) -> Pairs:
    (one, _), (base, form), when = draw(NOUNS), draw(PARTICIPLES), draw(TIMES)
    first = (f'The {one} has {form} it {when}.', f'The {one} has {base} it {when}.')
    return [first, (f'The {one} will {base} it {when}.', f'The {one} will {form} it {when}.')]


def case(draw: Draw) -> Pairs:
    (one, _), verb, place = draw(NOUNS), draw(TRANSITIVE), draw(PLACES)
    subject, object_ = draw([('they', 'them'), ('he', 'him'), ('we', 'us')])
    first = (f'The {one} {verb} {object_} near the {place}.', f'The {one} {verb} {subject} near the {place}.')
    return [first, (f'Near the {place} {subject} {verb} the {one}.', f'Near the {place} {object_} {verb} the {one}.')]


def adverb(draw: Draw) -> Pairs:
    (one, _), (adjective, manner), (base, _), place = draw(NOUNS), draw(ADVERBS), draw(VERBS), draw(PLACES)
    person, deed = f'The {{}} {one} went to the {place}.'.format, f'The {one} did {base} {{}} in the {place}.'.format
    return [(person(adjective), person(manner)), (deed(manner), deed(adjective))]


def inversion(draw: Draw) -> Pairs:
    (one, _), (base, _), place = draw(NOUNS), draw(VERBS), draw(PLACES)
    asked, told = f'did the {one} {base} in the {place}', f'the {one} did {base} in the {place}'
    return [(f'When {asked}?', f'When {told}?'), (f'We know when {told}.', f'We know when {asked}.')]


def quantifier(draw: Draw) -> Pairs:
    verb, counted, measured, place = draw(TRANSITIVE), draw(COUNTED), draw(MEASURED), draw(PLACES)
    frame = f'We {verb} {{}} {{}} in the {place}.'.format
    return [(frame('many', counted), frame('much', counted)), (frame('much', measured), frame('many', measured))]


PHENOMENA = (agreement, agreement_across, determiner_noun, reflexive, participle, case, adverb, inversion, quantifier)


def sentences(each: int, known: set[str], seed: int) -> Iterator[tuple[str, str, str]]:
    """(phenomenon, right, wrong): `each` of every phenomenon, none twice, none of `known` (plain training sentences)."""
    for phenomenon in PHENOMENA:
        rng = np.random.default_rng((seed, PHENOMENA.index(phenomenon)))
        seen, count = set(), 0
        while count < each:
            pairs = phenomenon(lambda items, rng=rng: items[rng.integers(len(items))])
            if any(right in seen or plain(right) in known or plain(wrong) in known for right, wrong in pairs):
                continue
            for right, wrong in pairs:
                seen.add(right)
                count += 1
                yield phenomenon.__name__, right, wrong


def grammar_items(each: int, known: set[str], voices: list[str], seed: int = 0) -> tuple[list[dict], list[dict]]:
    """Rows to speak and pairs to score; both sentences of a template's pair are read by one voice."""
    rows, out = [], []
    for n, (kind, right, wrong) in enumerate(sentences(each, known, seed)):
        voice = voices[n // 2 % len(voices)]
        names = [f'grammar/{seed}-{n:05d}-{side}' for side in ('right', 'wrong')]
        rows += [{'id': i, 'text': t, 'voice': voice} for i, t in zip(names, (right, wrong), strict=True)]
        out.append({'test': 'grammar', 'kind': kind, 'voice': voice, 'cluster': f'{kind}{n // 2}', 'right': names[0], 'wrong': names[1]})
    return rows, out
