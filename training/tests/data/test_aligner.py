"""The aligner: words as they are said, phones as a dictionary has them, and times of a real recording that another way of counting confirms."""

import json
import subprocess
from pathlib import Path

import pytest

from data.aligner import chosen_phones, grouped, pronunciations, spelled, spoken_words, to_cmu, with_possessive
from data.places import PROJECT, TRAINING

DEBIAN = '/usr/bin/python3'  # the interpreter that has python3-pocketsphinx
CLIP = PROJECT / 'test/fixtures/kathleen-a0002.wav'
TEXT = 'Not at this particular case, Tom, apologized Whittemore.'


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ("It can't be 'tis.", ['it', "can't", 'be', 'tis']),
        ('PBX and IBM', ['p', 'b', 'x', 'and', 'ibm']),
        ('90% & more', ['ninety', 'percent', 'and', 'more']),
        ('12 of 115 in 3001', ['twelve', 'of', 'one', 'hundred', 'fifteen', 'in', 'three', 'thousand', 'one']),
        ("dogs' o’clock", ['dogs', "o'clock"]),
        ("' -- '", []),
    ],
)
def test_a_text_becomes_the_words_that_are_said(text, words):
    assert spoken_words(text, {'ibm'}) == words


@pytest.mark.parametrize(('number', 'words'), [(0, 'zero'), (20, 'twenty'), (700, 'seven hundred'), (1_000_000, 'one zero zero zero zero zero zero')])
def test_numbers_are_spelled(number, words):
    assert spelled(number) == words.split()


def test_festivals_phones_are_cmus():
    assert [to_cmu(p) for p in ('ax', 'dx', 'el', 'aa')] == [['AH'], ['T'], ['AH', 'L'], ['AA']]


def test_a_possessive_is_said_as_its_word():
    dictionary = {'tom': [['T', 'AA', 'M']], 'fox': [['F', 'AA', 'K', 'S']]}
    assert with_possessive(['AE', 'SH'])[-2:] == ['IH', 'Z']
    assert pronunciations(["tom's", "fox's"], dictionary) == {"tom's": [['T', 'AA', 'M', 'Z']], "fox's": [['F', 'AA', 'K', 'S', 'IH', 'Z']]}


def test_the_second_pass_asks_for_the_chosen_pronunciations_and_real_pauses():
    known = {'a': [['AH'], ['EY']], 'cat': [['K', 'AE', 'T']]}
    first = [('<sil>', 0, 9), ('a(2)', 10, 14), ('<sil>', 15, 16), ('(NULL)', 16, 16), ('cat', 17, 40), ('[NOISE]', 41, 60), ('<sil>', 61, 70)]
    phones, words = chosen_phones(first, known)
    assert phones == ['SIL', 'EY', 'K', 'AE', 'T', 'SIL'] and words == [None, 0, 1, 1, 1, None]


def test_phones_become_syllables_and_words():
    names, words = 'EH K S T R AH SIL AE D'.split(), [0, 0, 0, 0, 0, 0, None, 1, 1]
    phones = [{'phone': p, 'start': k / 10, 'end': (k + 1) / 10, 'word': w} for k, (p, w) in enumerate(zip(names, words, strict=True))]
    syllables, spans = grouped(phones, ['extra', 'add'])
    assert [' '.join(s['phones']) for s in syllables] == ['eh k', 's t r ah', 'ae d']
    assert [(s['start'], s['end']) for s in syllables] == [(0.0, 0.2), (0.2, 0.6), (0.7, 0.9)]
    assert [(w['word'], w['start'], w['end']) for w in spans] == [('extra', 0.0, 0.6), ('add', 0.7, 0.9)]


def aligned(folder: Path, rows: list[str]) -> str:
    (folder / 'items.tsv').write_text(''.join(f'{row}\n' for row in rows))
    command = [DEBIAN, '-B', '-m', 'data.aligner', '--list', str(folder / 'items.tsv'), '--out', str(folder)]
    ran = subprocess.run(command, cwd=TRAINING, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout + ran.stderr


def test_a_recording_is_aligned_and_one_that_is_none_is_named(tmp_path):
    if subprocess.run([DEBIAN, '-c', 'import pocketsphinx'], capture_output=True).returncode:
        pytest.skip(f'{DEBIAN} has no pocketsphinx')
    eight = tmp_path / 'eight.wav'
    subprocess.run(['sox', str(CLIP), '-r', '8000', str(eight)], check=True)
    said = aligned(tmp_path, [f'right\t{CLIP}\t{TEXT}', f'eight\t{eight}\t{TEXT}'])
    assert '1 of 2 aligned' in said and 'eight: not aligned: expected 16 kHz' in said
    found = json.loads((tmp_path / 'right.json').read_text())
    assert [w['word'] for w in found['words']] == 'not at this particular case tom apologized whittemore'.split()
    assert len(found['syllables']) == 15
    edges = [t for p in found['phones'] for t in (p['start'], p['end'])]
    assert edges == sorted(edges) and edges[-1] <= found['duration'] + 0.02
    before = [p for p in found['phones'] if p['phone'] == 'sil']
    assert before and found['syllables'][0]['start'] < 0.5
