"""What units stand for: spellings, shares, neighbours."""

from __future__ import annotations

import numpy as np

from bundle.unit_cards import counted, near_units, spellings
from data.lexicon import Lexicon


def lexicon(tmp_path) -> Lexicon:
    """Three words that nobody has to ask flite for."""
    path = tmp_path / 'lexicon.tsv'
    path.write_text('his\thh ih z\nfriendship\tf r eh n d sh ih p\nea\tiy\n')
    return Lexicon(path)


def test_syllables_are_spelled_as_words_and_pieces_of_words_are(tmp_path):
    found = spellings([('His friendship, his.', []), ('ea', [])], lexicon(tmp_path))
    assert found['hh ih z'] == 'his'
    assert (found['f r eh n d'], found['sh ih p']) == ('friend', 'ship') or (found['f r eh n'], found['d sh ih p']) == ('friend', 'ship')


def test_a_word_is_also_what_was_heard_of_it(tmp_path):
    found = spellings([('his friendship', ['ih z', 'f r eh n', 'sh ih p']), ('his ea', ['hh ah z'])], lexicon(tmp_path))
    assert (found['ih z'], found['sh ih p']) == ('his', 'ship')
    assert 'hh ah z' not in found  # one syllable was not heard: whose it is cannot be said


def test_shares_are_those_of_the_segments_and_fine_names_lean_on_their_unit():
    units = np.array([1, 1, 2])  # centroids 0 and 1 are unit 1, centroid 2 is unit 2
    found = counted(np.array([0, 0, 0, 1]), ['hh ih z', 'hh ih z', 'ih z', 'ih z'], units, {'hh ih z': 'his'})
    names = [s['phones'] for s in found['syllables']]
    assert found['segments'] == 4 and found['syllables'][names.index('HH IH Z')]['spelled'] == 'his'
    one, two = found['units']
    assert one == {'share': 1.0, 'says': [[names.index('HH IH Z'), 0.5], [names.index('IH Z'), 0.5]]}
    assert two == {'share': 0.0, 'says': []}
    first, second, third = found['fine']
    assert first[0] == [names.index('HH IH Z'), 0.6]  # (2 + 2 / 2) / (3 + 2)
    assert second[0] == [names.index('IH Z'), 0.667]  # (1 + 2 / 2) / (1 + 2)
    assert third == []


def test_rare_syllables_are_left_out():
    says = counted(np.zeros(200, int), ['a'] * 199 + ['b'], np.array([1]), {})['units'][0]['says']
    assert says == [[0, 0.995]]


def test_neighbours_come_by_the_distance_of_their_nearest_centroids():
    book = {'centroids': np.array([[0.0], [10.0], [1.0], [5.0]]), 'units': np.array([1, 1, 2, 3])}
    assert near_units(book, 5) == [[2, 3], [1, 3], [2, 1]]
