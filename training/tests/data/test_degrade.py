"""Changed speech keeps its time and length; what is held out is never drawn; a row says how to make the same again."""

import json
import shutil

import numpy as np
import pytest

from data.changes.coded import CODECS, coded, heard, lag_of, sixteen_bits, telephone
from data.changes.degrade import DRAWN_CODECS, HELD_OUT, SEEN, Change, cut, degraded, draw
from data.changes.effects import PACK, babble, level, noise, room
from data.mel import read_audio
from tests.data.test_data import CLIP

SPEECH = read_audio(CLIP)
DRAWS = [draw(np.random.default_rng(seed)) for seed in range(4000)]


def needs(change: Change) -> None:
    if change.kind == 'babble' and not PACK.exists():
        pytest.skip(f'no evaluation pack at {PACK}')
    if change.kind == 'sox_room' and not shutil.which('sox'):
        pytest.skip('no sox')


@pytest.mark.parametrize('name', [*SEEN, *HELD_OUT])
def test_a_change_keeps_length_and_time_and_leaves_16_bits(name):
    change = {**SEEN, **HELD_OUT}[name]
    needs(change)
    out = change(SPEECH)
    assert out.shape == SPEECH.shape and out.dtype == np.float32 and np.isfinite(out).all()
    assert lag_of(out, SPEECH) == 0
    assert np.array_equal(out, sixteen_bits(out)) and not np.array_equal(out, SPEECH)
    assert np.array_equal(out, Change(*json.loads(json.dumps(change.json())))(SPEECH))


@pytest.mark.parametrize('name, kbit', [(name, kbit) for name, rates in DRAWN_CODECS.items() for kbit in rates])
def test_the_delay_of_a_codec_is_taken_out(name, kbit):
    out = coded(SPEECH, name, int(1000 * kbit))
    assert abs(lag_of(out, SPEECH)) <= 1 and len(out) == len(SPEECH)


@pytest.mark.parametrize('size', [3200, 16_001, 33_333])
def test_any_length_goes_through_any_codec(size):
    for name in CODECS:
        assert len(coded(SPEECH[:size], name, int(1000 * DRAWN_CODECS[name][0]))) == size


def test_a_late_copy_is_measured_to_the_sample():
    for lag in (-300, -1, 0, 7, 1024):
        assert lag_of(np.roll(np.pad(SPEECH, 2000), lag), np.pad(SPEECH, 2000)) == lag


@pytest.mark.parametrize('law, name', [('mu', 'pcm_mulaw'), ('a', 'pcm_alaw')])
def test_the_laws_are_those_of_g711(law, name, monkeypatch):
    monkeypatch.setitem(CODECS, name, (name, name, 8000))
    low = Change('band', {'low': 200, 'high': 3000})(SPEECH)
    ours, theirs = telephone(low, law), heard(low, name, 64_000)[: len(low)]
    noise_of = [(low**2).sum() / (error**2).sum() for error in (ours - low, theirs - low, ours - theirs)]
    assert (10 * np.log10(noise_of) > 28).all()  # two tables may round differently
    with pytest.raises(ValueError, match='expected one of mu, a, gsm, got b'):
        telephone(low, 'b')


def test_nothing_held_out_is_drawn():
    drawn = [change for changes in DRAWS for change in changes]
    assert {c.kind for c in drawn} == {'gain', 'noise', 'hum', 'room', 'band', 'tone', 'telephone', 'codec'}
    codecs = {(c.settings['name'], c.settings['kbit']) for c in drawn if c.kind == 'codec'}
    assert codecs == {(name, kbit) for name, rates in DRAWN_CODECS.items() for kbit in rates}
    assert not codecs & {('mp3', 16), ('opus', 8)}
    assert {c.settings['law'] for c in drawn if c.kind == 'telephone'} == {'mu', 'a'}
    assert {c.kind for c in SEEN.values()} <= {c.kind for c in drawn}


def test_a_draw_is_json_and_makes_the_same_again():
    for changes in DRAWS[:25]:
        again = [Change(*row) for row in json.loads(json.dumps([c.json() for c in changes]))]
        assert again == changes
        assert np.array_equal(degraded(SPEECH, changes), degraded(SPEECH, again))


def test_levels_and_ratios_are_as_asked():
    quiet = Change('gain', {'db': -35})(SPEECH)
    assert 10 * np.log10(level(quiet) / level(SPEECH)) == pytest.approx(-35, abs=0.3)
    assert np.abs(Change('gain', {'db': 60})(SPEECH)).max() < 1
    for snr in (20, 10):
        for colour in (0.0, 1.0, 2.0):
            hiss = noise(SPEECH, snr, 3, colour, swell_db=6.0) - SPEECH
            assert 10 * np.log10(level(SPEECH) / (hiss**2).mean()) == pytest.approx(snr, abs=0.01)
    assert level(np.concatenate([np.zeros(50_000), SPEECH])) == pytest.approx(level(SPEECH), rel=0.1)


def test_a_made_up_room_begins_at_once_and_decays():
    click = np.zeros(16_000, np.float32)
    click[0] = 0.5
    heard = room(click, rt60=0.4, direct_db=6, seed=1)
    assert np.abs(heard).argmax() == 0
    energy = np.cumsum((heard[1:] ** 2)[::-1])[::-1]
    assert 10 * np.log10(heard[0] ** 2 / energy[0]) == pytest.approx(6, abs=0.5)
    assert 10 * np.log10(energy[int(0.1 * 16_000)] / energy[int(0.2 * 16_000)]) == pytest.approx(15, abs=5)


def test_babble_is_of_other_people_each_time():
    needs(HELD_OUT['babble 15 dB'])
    one, two = (babble(SPEECH, 15, seed) - SPEECH for seed in (1, 2))
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.2


def test_a_cut_takes_samples_from_the_start():
    assert np.array_equal(cut(SPEECH, 70), SPEECH[1120:])
