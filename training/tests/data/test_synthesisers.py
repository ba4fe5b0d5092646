"""Festival and flite: what they print becomes times, and both read a sentence in the same syllables."""

import json
import shutil

import pytest
import soundfile

from data.voices import festival, flite
from tests.helpers import run

LINES = ['pau\t0.2\t-\t-\t-', 'hh\t0.3\t1\t1\t1:her', 'er\t0.4\t1\t1\t1:her', 'r\t0.45\t-\t-\t-', 'b\t0.5\t2\t0\t2:butter', 'ah\t0.6\t2\t0\t2:butter']
LINES += ['t\t0.7\t3\t0\t2:butter', 'er\t0.8\t3\t0\t2:butter', 'pau\t1.0\t-\t-\t-']


def test_a_phone_that_a_voice_adds_belongs_to_the_syllable_before():
    times = festival.parsed(LINES)
    assert [(s['phones'], s['start'], s['end']) for s in times['syllables']] == [
        (['hh', 'er', 'r'], 0.2, 0.45), (['b', 'ah'], 0.45, 0.6), (['t', 'er'], 0.6, 0.8)
    ]  # fmt: skip
    assert [(w['word'], w['start'], w['end']) for w in times['words']] == [('her', 0.2, 0.45), ('butter', 0.45, 0.8)]
    assert [s['stress'] for s in times['syllables']] == [1, 0, 0] and len(times['phones']) == 9


def test_a_pause_is_no_part_of_a_syllable():
    assert festival.parsed(['hh\t0.1\t1\t0\t1:a', 'pau\t0.2\t-\t-\t-'])['syllables'][0]['phones'] == ['hh']


def test_scheme_strings_are_quoted():
    assert festival.quoted('say "a\\b"') == '"say \\"a\\\\b\\""'


def test_a_line_without_an_id_is_refused(tmp_path):
    (tmp_path / 'x.tsv').write_text('a\tone\nno tab here\n')
    with pytest.raises(ValueError, match=r'line 2: expected an id, a tab and a text'):
        festival.read_sentences(tmp_path / 'x.tsv')


def test_flites_phones_go_to_the_readings_syllables():
    phones = flite.timed_phones('pau:0.1 hh:0.2 er:0.3 b:0.35 ah:0.5 dx:0.55 er:0.7 pau:0.9')
    syllables = flite.syllables_of(phones, [['hh', 'er'], ['b', 'ah'], ['t', 'er']])
    assert [(s['phones'], s['start'], s['end']) for s in syllables] == [(['hh', 'er'], 0.1, 0.3), (['b', 'ah'], 0.3, 0.5), (['dx', 'er'], 0.5, 0.7)]


def test_a_phone_that_the_reading_lacks_goes_with_the_one_before():
    assert flite.matched([['a'], ['b']], ['a', 'x', 'b']) == [0, 0, 1]


def test_both_read_a_sentence(tmp_path):
    if missing := [p for p in ('festival', 'flite', 'sox') if not shutil.which(p)]:
        pytest.skip(f'{", ".join(missing)} not installed')
    (tmp_path / 's.tsv').write_text('one\tButter makes it better.\n')
    said = run('data.voices.festival', '--voice', 'kal_diphone', '--text', tmp_path / 's.tsv', '--out', tmp_path / 'a')
    assert 'kal_diphone: 1 sentences' in said
    run('data.voices.flite', '--voice', 'awb', '--readings', tmp_path / 'a', '--out', tmp_path / 'b')
    first, second = (json.loads((tmp_path / folder / 'one.json').read_text()) for folder in 'ab')
    assert len(first['syllables']) == len(second['syllables']) == 6
    for row, folder in ((first, 'a'), (second, 'b')):
        sound = soundfile.info(tmp_path / folder / 'one.wav')
        assert sound.samplerate == 16_000 and abs(sound.duration - row['duration']) < 0.1
