"""Comparisons: equal counts are equal, words are words, every way can be turned."""

import numpy as np
import pytest
import torch

from data.places import PROJECT
from experiments.compare import Spoken, at_rates, dips, envelope_cutter, equal_counts, pack_items, uniform_cutter, words_of
from tests.helpers import run
from tests.measure.test_evaluate import bursts

PACK = PROJECT.parent / 'shared/eval-pack'


def test_words_are_runs_of_their_syllables():
    syllables = [('to', 0, 1), ('wisdom', 1, 2), ('wisdom', 2, 3), ('Wisdom', 3, 4), ('to', 4, 5)]
    assert words_of([{'word': w, 'start': a, 'end': b} for w, a, b in syllables]) == [[0, 1], [1, 3], [3, 4], [4, 5]]


def test_deeper_dips_are_fewer():
    t = np.arange(200) * 0.01
    db = 5 * np.cos(2 * np.pi * t * 4) + 10 * np.cos(2 * np.pi * t)
    counts = [len(dips(db, 0.0, 1.99, dip)) for dip in (0.1, 6, 15, 40)]
    assert counts == sorted(counts, reverse=True) and counts[0] >= 7 and counts[-1] == 2


def test_equal_counts_are_equal():
    item = Spoken(bursts(), {'syllables': np.array([0.5, 0.7, 1.0, 1.5, 2.0, 2.5])})
    table = equal_counts([item], {'uniform': uniform_cutter([item]), 'envelope': envelope_cutter([item])})
    assert table['uniform']['count'] == 1 and table['uniform']['F1_20ms'] > 0.6
    rows = at_rates([item], {'uniform': uniform_cutter([item])}, [2.0, 4.0])
    assert rows['uniform at 4.0']['hz'] == pytest.approx(4, abs=0.7) and 'words_50ms' not in rows['uniform at 4.0']
    assert rows['uniform at 2.0']['hz'] < rows['uniform at 4.0']['hz']


def test_the_pack_has_phones_syllables_and_words():
    if not PACK.exists():
        pytest.skip('there is no ../shared/eval-pack')
    for name in ('festival', 'asterisk-en'):
        items = pack_items(PACK, name)
        counts = [sum(len(i.edges[kind]) for i in items) for kind in ('words', 'syllables', 'phones')]
        assert counts == sorted(counts) and counts[0] > 300
        assert all(np.isin(i.edges['words'].round(3), i.edges['syllables'].round(3)).all() for i in items)


def test_every_way_is_compared(way, tmp_path):
    if not PACK.exists():
        pytest.skip('there is no ../shared/eval-pack')
    torch.set_num_threads(1)
    few = ('--sets', 'festival', '--limit', 2, '--spacing', 60, '--stride', 6, '--pack', PACK, '--data', tmp_path)
    bundle, rounds = way / 'small-ssl', (way / 'round1/sylboost.pt', way / 'round2/sylboost.pt')
    text = run('experiments.compare', bundle, '--students', *rounds, '--losspred', way / 'pretrain.pt', *few, '--json', tmp_path / 'x.json')
    names = [line.split('|')[1].strip() for line in text.splitlines() if line.startswith('| ') and '---' not in line]
    assert [n.split()[0] for n in names] == ['festival,', 'uniform', 'envelope', 'LossPred', 'student', 'student', 'bundle']
    rates = run('experiments.compare', bundle, '--rates', 8.33, 4.3, *few)
    assert rates.count('bundle small-ssl at') == 2 and 'words_50ms' in rates


def test_any_rate_is_found(way):
    if not PACK.exists():
        pytest.skip('there is no ../shared/eval-pack')
    few = ('--pack', PACK, '--data', way / 'none', '--limit', 3)
    text = run('measure.evaluate', way / 'small-ssl', '--rate', 4.3, *few)
    rows = [line.split('|') for line in text.splitlines() if 'live int8' in line]
    assert len(rows) == 2 and all(float(row[8]) == pytest.approx(4.3, abs=0.5) for row in rows)
    for wrong in ('fast', '0.2'):
        with pytest.raises(SystemExit, match='a number from 1 to 15'):
            run('measure.evaluate', way / 'small-ssl', '--rate', wrong, *few)
