"""The near-human test voice: sounds of entries and of running text, and that it never trains."""

import shutil

import numpy as np
import pytest

from data.splits import NEVER
from data.voices import piper


def test_an_entry_of_the_lexicon_becomes_sounds_with_its_stress():
    assert piper.sounds_of_entry('((r ih) 1) ((v er) 0)') == 'ɹˈɪvɚ.'
    assert piper.sounds_of_entry('((ah) 0) ((b ah v) 1)') == 'əbˈʌv.'


def test_it_knows_every_sound_of_the_table():
    _, ids = piper.loaded()
    assert set(''.join([*piper.IPA.values(), *piper.STRESSED.values(), 'ˈ.'])) <= set(ids)


def test_a_longer_word_takes_longer_and_sounds():
    short, rate = piper.read_aloud({'text': 'x', 'entry': '((b ih g) 1)'})
    long, _ = piper.read_aloud({'text': 'x', 'entry': '((k aa n) 1) ((s ah) 0) ((k w eh n) 0) ((s ih z) 0)'})
    assert rate == 22_050 and 0.2 < len(short) / rate < len(long) / rate < 2
    assert all(np.isfinite(x).all() and 0.05 < np.abs(x).max() <= 1.5 for x in (short, long))


def test_running_text_keeps_its_clauses():
    if not shutil.which('espeak-ng'):
        pytest.skip('espeak-ng is not installed')
    sounds = piper.sounds_of_text('He came, and she went.')
    assert sounds.count(',') == 1 and sounds.endswith('.') and 'wˈɛnt' in sounds


def test_it_never_trains():
    assert all(NEVER.search(voice) for voice in piper.VOICES)
    assert not NEVER.search('johannes')
