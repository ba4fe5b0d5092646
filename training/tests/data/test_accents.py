"""Other throats: the diphone voices of other languages with exact times, and Praat's changes that keep them."""

import json
import shutil
from pathlib import Path

import numpy as np
import parselmouth
import pytest
import soundfile

from data.changes.throats import Throat, change
from data.mel import SAMPLE_RATE, read_audio
from data.places import PROJECT
from data.shards import PHONES, phone_class
from data.voices.accents import ACCENTS, GAP, parted, pieces_of, retold
from tests.helpers import run_apart

CLIP = PROJECT / 'test/fixtures/tiny/golden/speech.wav'
CZECH, ITALIAN = ACCENTS[0], ACCENTS[1]

# "the hill": what data/voices/festival.py writes, shortened
READING = {
    'id': 'v1',
    'text': 'the hill',
    'phones': [
        {'phone': p, 'start': a, 'end': b}
        for p, a, b in (
            ('pau', 0.0, 0.2),
            ('dh', 0.2, 0.25),
            ('ax', 0.25, 0.35),
            ('hh', 0.35, 0.4),
            ('ih', 0.4, 0.5),
            ('l', 0.5, 0.6),
            ('pau', 0.6, 0.8),
        )
    ],
    'syllables': [
        {'start': 0.2, 'end': 0.35, 'phones': ['dh', 'ax'], 'stress': 0},
        {'start': 0.35, 'end': 0.6, 'phones': ['hh', 'ih', 'l'], 'stress': 1},
    ],
}


def test_every_accent_says_every_phone_and_labels_what_it_says():
    english = set(PHONES) - {'sil'} | {'ax'}
    for accent in ACCENTS:
        assert set(accent.phones) == english
        assert all(phone_class(p) > 0 for p in accent.said.values())


def test_times_follow_what_was_spoken():
    spoken = [pieces_of(p['phone'], p['end'] - p['start'], ITALIAN) for p in READING['phones']]
    assert spoken[3] == []  # no h in Italian
    gapped = parted(spoken, {('d', 'a')}, ITALIAN.silence)
    assert gapped[1][1] == (ITALIAN.silence, GAP) and parted(gapped, {('d', 'a')}, ITALIAN.silence) == gapped
    told = retold(READING, gapped, ITALIAN)
    assert [p['phone'] for p in told['phones']] == ['pau', 'd', 'ax', 'ih', 'l', 'pau']
    assert told['syllables'] == [
        {'start': 0.2, 'end': 0.365, 'phones': ['d', 'ax']},
        {'start': 0.365, 'end': 0.565, 'phones': ['ih', 'l']},
    ]
    assert told['phones'][-1]['end'] == pytest.approx(0.765)
    assert pieces_of('ay', 0.1, CZECH) == [('a', pytest.approx(0.06)), ('j', pytest.approx(0.04))]


def test_a_voice_reads_as_long_as_its_times_say(tmp_path):
    if not (shutil.which('festival') and Path('/usr/share/festival/voices/italian/lp_diphone').exists()):
        pytest.skip('festival and festvox-italp16k are not installed')
    readings, out = tmp_path / 'readings', tmp_path / 'out'
    readings.mkdir()
    for k in range(len([v for a in ACCENTS for v in a.voices])):
        (readings / f'v{k}.json').write_text(json.dumps(READING | {'id': f'v{k}'}))
    assert run_apart('data.voices.accents', '--readings', readings, '--out', out).returncode == 0
    path = out / 'lp_diphone_v4.wav'
    told, sound = json.loads(path.with_suffix('.json').read_text()), soundfile.info(path)
    assert sound.samplerate == SAMPLE_RATE and sound.duration == pytest.approx(told['phones'][-1]['end'], abs=0.05)
    x = read_audio(path)
    loud = [np.abs(x[int(p['start'] * 16_000) : int(p['end'] * 16_000)]).mean() for p in told['phones']]
    assert min(loud[1:-1]) > 5 * max(loud[0], loud[-1])  # it speaks where the times say so


@pytest.mark.parametrize('throat', [Throat(1.0, 90.0, 1.0), Throat(1.2, 220.0, 0.0)])
def test_a_changed_throat_keeps_the_length_and_has_its_pitch(throat):
    x = read_audio(CLIP)
    y = change(x, throat)
    assert y.shape == x.shape and np.isfinite(y).all() and np.abs(y).max() <= 0.951
    found = parselmouth.Sound(y.astype(float), SAMPLE_RATE).to_pitch(pitch_floor=60, pitch_ceiling=500).selected_array['frequency']
    assert np.median(found[found > 0]) == pytest.approx(throat.pitch, rel=0.08)


def test_noise_and_silence_stay_usable():
    for x in (np.zeros(16_000, np.float32), np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)):
        y = change(x, Throat(0.9, 120.0, 1.0))
        assert y.shape == x.shape and np.isfinite(y).all()
