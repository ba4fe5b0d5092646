"""Agreement and calibration on examples whose answer is known; both listeners; the whole command on what is there."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bundle.units import PROGRAM
from data.changes.degrade import Change, cut
from data.changes.effects import room_tone
from data.mel import read_audio
from data.places import PROJECT, SHARED
from measure.agreement import Said, agreement, apart, calibration, overlaps
from measure.listen import command_listener, lockstep_listener
from measure.stability import TONE, changed, family, names_of, reading, rows_of, summary
from measure.voices_apart import between, digits, recognised, synthesised, wake_words
from segment.overlap import best
from tests.data.test_data import CLIP
from tests.helpers import run

BUNDLE = Path(os.environ.get('SYLSTREAM_BUNDLE', PROJECT / 'test/fixtures/tiny'))


def units(*rows: tuple[int, int, int]) -> Said:
    ids, starts, ends = np.array(rows, np.int64).reshape(-1, 3).T
    return Said(ids, starts * 16, ends * 16, np.full(len(ids), 0.5))  # from milliseconds


CLEAN = units((7, 0, 200), (8, 200, 400), (9, 500, 700), (9, 700, 900))


def test_a_recording_agrees_with_itself():
    assert agreement([CLEAN], [CLEAN]) == {'same': 1, 'edges': 1, 'ued': 0}


def test_a_unit_stays_within_40_ms_and_with_its_id():
    near = units((7, 40, 160), (8, 160, 400), (9, 500, 700), (9, 700, 900))
    assert agreement([CLEAN], [near])['same'] == 1
    far = units((7, 41, 200), (8, 200, 400), (9, 500, 700), (9, 700, 900))
    assert agreement([CLEAN], [far]) == {'same': 0.75, 'edges': 0.75, 'ued': 0}
    renamed = units((7, 0, 200), (1, 200, 400), (9, 500, 700), (9, 700, 900))
    assert agreement([CLEAN], [renamed]) == {'same': 0.75, 'edges': 1, 'ued': 0.25}


def test_one_unit_is_the_partner_of_one():
    assert agreement([CLEAN], [units((9, 690, 710))])['same'] == 0
    twice = units((9, 500, 700), (9, 510, 700))
    assert agreement([units((9, 500, 700))], [twice]) == {'same': 1, 'edges': 1, 'ued': 1}


def test_edits_are_over_all_units_of_the_clean_ones():
    assert agreement([CLEAN, CLEAN], [CLEAN, units()])['ued'] == 0.5
    assert agreement([units()], [units()]) == {'same': 0, 'edges': 0, 'ued': 0}
    assert apart([units((1, 0, 1), (2, 1, 2))], [units((1, 0, 1), (2, 1, 2), (3, 2, 3), (4, 3, 4))]) == 0.5
    assert apart([units((1, 0, 1))], [units()]) == 1


def test_a_syllable_takes_the_unit_that_overlaps_it_most():
    shared = overlaps(CLEAN, np.array([[0.05, 0.21], [0.41, 0.49], [0.6, 0.9]]))
    assert best(shared).tolist() == [0, 0, 2, 2] and best(shared.T).tolist() == [0, -1, 3]
    assert best(overlaps(CLEAN, np.zeros((0, 2)))).tolist() == [-1] * 4 and best(overlaps(units(), np.ones((2, 2))).T).tolist() == [-1, -1]


def test_a_true_probability_is_calibrated_and_a_constant_gains_nothing():
    rng = np.random.default_rng(0)
    sure = rng.random(60_000)
    right = rng.random(60_000) < sure
    found = calibration(sure, right)
    assert found['error'] < 0.02 and found['roc'] == pytest.approx(5 / 6, abs=0.01) and found['brier_gain'] == pytest.approx(1 / 3, abs=0.01)
    assert calibration(np.full(60_000, right.mean()), right)['brier_gain'] == pytest.approx(0, abs=1e-9)
    assert calibration(sure**4, right)['error'] > 0.2


def test_room_tone_is_as_loud_as_the_quietest_of_a_recording():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 0.1, 16_000), rng.normal(0, 0.002, 16_000)]).astype(np.float32)
    tone = room_tone(x, 9_600)
    assert tone.std() == pytest.approx(0.002, rel=0.15) and tone.shape == (9_600,)
    assert 0.5e-4 < room_tone(np.zeros(16_000, np.float32), 9_600).std() < 2e-4


def test_a_reading_begins_with_its_tone_and_its_times_move():
    r = reading(CLIP, [[0.5, 0.7, 'x']], ['dh ax'], 'someone', 'the')
    assert len(r.samples) == TONE + len(read_audio(CLIP)) and r.labels == ['dh ah']
    np.testing.assert_allclose(r.spans, [[1.1, 1.3]])
    np.testing.assert_allclose(r.samples[TONE:], read_audio(CLIP), atol=1e-4)


def test_changed_recordings_are_kept_and_are_those_of_their_change(tmp_path):
    x, quiet = read_audio(CLIP), Change('gain', {'db': -20})
    first = changed(x, quiet, tmp_path)
    np.testing.assert_array_equal(first, quiet(x))
    np.testing.assert_array_equal(changed(x, quiet, tmp_path), first)
    changed(x[:-1], quiet, tmp_path)
    assert len(list((tmp_path / 'changed').iterdir())) == 2


@pytest.mark.parametrize('listener', [lockstep_listener, command_listener])
def test_listeners_say_units_in_order_and_a_cut_by_a_chunk_moves_them(listener):
    if listener is command_listener and not (PROGRAM.parents[1] / 'dist/src/cli/main.js').exists():
        pytest.skip('no built command line: npm run build')
    x = np.concatenate([np.zeros(9_600, np.float32), read_audio(CLIP)])
    heard = listener(BUNDLE, ['natural', '8.33'])([x, x[:20_000], cut(x, 160)])
    for some in heard.values():
        assert len(some) == 3
        for s in some:
            assert (s.starts < s.ends).all() and (s.starts[1:] >= s.ends[:-1]).all() and (s.ids > 0).all()
            assert ((s.confidence >= 0) & (s.confidence <= 1)).all()
    again = listener(BUNDLE, ['natural'])([x])['natural'][0]
    assert np.array_equal(again.ids, heard['natural'][0].ids)
    assert agreement([again], [heard['natural'][2].moved(2_560)])['edges'] > 0.5


def test_both_listeners_mean_the_same_by_confidence():
    if not (PROGRAM.parents[1] / 'dist/src/cli/main.js').exists():
        pytest.skip('no built command line: npm run build')
    a, b = (listener(BUNDLE, ['natural'])([read_audio(CLIP)])['natural'][0] for listener in (lockstep_listener, command_listener))
    assert agreement([a], [b])['edges'] > 0.8
    both = [(i, j) for i, s in enumerate(a.starts) for j, t in enumerate(b.starts) if s == t and a.ends[i] == b.ends[j] and a.ids[i] == b.ids[j]]
    assert both and all(abs(a.confidence[i] - b.confidence[j]) < 0.02 for i, j in both)


def test_rows_have_families_and_the_summary_takes_the_worst_and_the_mean():
    rows = rows_of(quick=True)
    assert [row for row in rows if family(row) == 'held out'] == ['sox room', 'mp3 16 kbit/s', 'Opus 8 kbit/s']
    assert {'GSM', 'clipped 12 dB', 'babble 15 dB', 'quiet 6 dB'} <= set(rows_of(quick=False))
    table = {row: {'kathleen': {'ued': 0.1 * n}} for n, row in enumerate(rows)}
    found = summary(table)['kathleen']
    assert found['cuts'] == pytest.approx(0.2) and found['channels'] == pytest.approx(0.8) and found['worst_channel'] == pytest.approx(1.1)
    assert found['held_out'] == pytest.approx(np.mean([0.8, 1.0, 1.1]))


def test_pairs_of_voices_are_reported_by_kind():
    one, two = [units((1, 0, 1), (2, 1, 2)), units((3, 0, 1), (4, 1, 2))], [units((1, 0, 1), (5, 1, 2)), units((3, 0, 1), (4, 1, 2))]
    found = between({'af_kore': one, 'bm_fable': two, 'joe': one})
    assert found['Kokoro and Kokoro'] == {'same': 0.25, 'different': 1.0, 'pairs': 1}
    assert found['Kokoro and joe'] == {'same': 0.125, 'different': 1.0, 'pairs': 2}


def test_readings_are_made_once_and_voices_that_are_not_there_are_named(tmp_path, capsys):
    if not shutil.which('flite'):
        pytest.skip('no flite')
    first = synthesised(['a cat', 'the dog'], tmp_path / 'none', tmp_path)
    assert len(first['flite-slt']) == 2 and 'no readings by af_kore' in capsys.readouterr().err
    made = {file: file.stat().st_mtime_ns for file in (tmp_path / 'flite-slt').iterdir()}
    again = synthesised(['the dog', 'a cat'], tmp_path / 'none', tmp_path)
    assert len(made) == 2 and all(file.stat().st_mtime_ns == at for file, at in made.items())
    assert np.array_equal(again['flite-slt'][1], first['flite-slt'][0])


def test_words_are_recognised_by_the_nearest_of_another_speaker(tmp_path):
    for name in ('audio/alexa/0.flac', 'audio/alexa/1.flac', 'audio/jarvis/0.flac', 'recordings/3_theo_0.wav', 'recordings/3_theo_9.wav'):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / name, read_audio(CLIP)[:8000], 16_000)
    words = wake_words(tmp_path, 40)
    assert [(w, who) for w, who, _ in words] == [('alexa', 'alexa-0'), ('alexa', 'alexa-1'), ('jarvis', 'jarvis-0')]
    assert [(d, who) for d, who, _ in digits(tmp_path, 5)] == [('3', 'theo')]
    said = {'alexa': units((1, 0, 1), (2, 1, 2)), 'jarvis': units((3, 0, 1))}
    four = [('alexa', 'a', words[0][2]), ('alexa', 'b', words[1][2]), ('jarvis', 'a', words[2][2]), ('jarvis', 'c', words[2][2])]
    listen = lambda recordings: {'natural': [said[w] for w, _, _ in four]}  # noqa: E731
    (tmp_path / 'broken.flac').write_text('no sound')
    assert recognised([*four, ('alexa', 'd', tmp_path / 'broken.flac')], listen, 'natural') == {'nearest': 1.0, 'average_precision': 1.0, 'words': 4}


def test_the_command_measures_what_is_there(tmp_path):
    pack = SHARED / 'eval-pack'
    if not pack.exists() or not shutil.which('sox'):
        pytest.skip(f'no evaluation pack at {pack}, or no sox')
    small = tmp_path / 'pack'
    small.mkdir()
    rows = json.loads((pack / 'asterisk-en.json').read_text())[:2]
    (small / 'asterisk-en.json').write_text(json.dumps([row | {'file': str(pack / row['file'])} for row in rows]))
    places = ('--pack', small, '--data', tmp_path / 'none', '--kept', tmp_path / 'kept', '--json', tmp_path / 'a.json')
    said = run('measure.stability', BUNDLE, '--quick', *places)
    found = json.loads((tmp_path / 'a.json').read_text())
    assert set(found['table']['natural']) == set(rows_of(quick=True)) and '| telephone | seen |' in said
    assert all(0 <= sets['asterisk-en']['same'] <= 1 for sets in found['table']['natural'].values())
    assert found['table']['natural']['10 ms cut off']['strangers'] == found['table']['natural']['10 ms cut off']['asterisk-en']


def test_names_are_the_commonest_syllables_and_are_kept(tmp_path):
    folder = tmp_path / 'kathleen'
    folder.mkdir()
    row = {'id': 'arctic_a9999', 'corpus': 'kathleen', 'speaker': 'kathleen', 'split': 'train', 'path': str(CLIP), 'text': 'nothing held out'}
    row |= {'syllables': [[0.0, 0.2, 'a'], [0.2, 0.4, 'dh ax']]}
    (folder / 'utterances.jsonl').write_text(json.dumps(row) + '\n')
    listen = lambda recordings: {'natural': [units((5, 0, 190), (6, 210, 400)) for _ in recordings]}  # noqa: E731
    assert names_of(tmp_path, listen, 'natural', tmp_path / 'names.json') == {5: ['a'], 6: ['dh ah']}
    assert names_of(tmp_path, None, 'natural', tmp_path / 'names.json') == {5: ['a'], 6: ['dh ah']}
