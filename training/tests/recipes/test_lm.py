"""From speech to a language model: the units are the command line's, simulation, the loop, the items and their scores."""

import hashlib
import json
import os
import random
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from bundle.card import with_section
from bundle.lm_graph import read_lm
from bundle.units import PROGRAM, read_units, units_of_folder
from data.lexicon import BREAK, Lexicon, syllabify, words_of
from data.places import PROJECT
from data.texts import documents, sentences, split_of
from model.unit_lm import UnitLm, UnitLmConfig, item_scores, whole_logits
from recipes.lm.carry import carried, shared_time
from recipes.lm.export import card, read_scores
from recipes.lm.phones import IDS, phone_stream
from recipes.lm.score import interval, wins
from recipes.lm.sequences import read_streams
from recipes.lm.simulate import UnitModel, confusions, emissions, phrase_of, spoken_syllables
from recipes.lm.temper import tempered
from recipes.lm.train import IGNORED, Rows, load_checkpoint, log_probabilities, perplexity_of
from recipes.lm.zeroshot_endings import ending_items
from recipes.lm.zeroshot_grammar import PHENOMENA, grammar_items
from recipes.lm.zeroshot_words import DICTIONARY, LEAST_HEARD, dictionary, phones, word_items
from tests.helpers import run_apart

PROJECT = PROJECT
TINY = PROJECT / 'test/fixtures/tiny'
CLIPS = [PROJECT / f'test/fixtures/{name}.wav' for name in ('kathleen-a0002', 'kathleen-a0004', 'kerstin-0013')]
BUILT = pytest.mark.skipif(not (PROJECT / 'dist/src/cli/main.js').exists(), reason='the command line is not built')


def write_units(path: Path, streams: dict[str, list[int]], merged: int = 12, codebook: str = 'c0') -> Path:
    rows = [{'codebook': codebook, 'merged': merged, 'rate': 'natural'}]
    rows += [{'path': name, 'units': [[u, 0, 0] for u in units]} for name, units in streams.items()]
    path.write_text(''.join(json.dumps(r) + '\n' for r in rows))
    return path


def made_up(count: int, seed: int) -> dict[str, list[int]]:
    """Streams that count up and now and then jump or pause."""
    rng, out = np.random.default_rng(seed), {}
    for n in range(count):
        units = [int(rng.integers(1, 13))]
        while len(units) < rng.integers(5, 40):
            units.append(units[-1] % 12 + 1 if rng.random() < 0.8 else int(rng.integers(0, 13)))
        out[f'{n}.wav'] = units
    return out


@BUILT
def test_units_are_those_of_the_command_line_and_resume(tmp_path):
    folder = tmp_path / 'speech'
    (folder / 'a').mkdir(parents=True)
    for clip in CLIPS[:2]:
        shutil.copy(clip, folder / 'a')
    (folder / 'a/empty.wav').write_bytes(b'')
    units_of_folder(folder, TINY, out := tmp_path / 'made/units.jsonl')
    first = out.read_text()
    shutil.copy(CLIPS[2], folder)
    units_of_folder(folder, TINY, out)
    assert out.read_text().startswith(first) and len(out.read_text().splitlines()) == 5
    _, units = read_units(out)
    assert len(units) == 3  # the empty file is told about, not used
    for path in units:
        said = subprocess.run(['node', PROGRAM, 'tokenize', '--bundle', TINY, folder / path], capture_output=True, text=True, check=True).stdout
        assert units[path] == [[j['id'], j['start'], j['end'], j.get('fine', 0)] for j in map(json.loads, said.splitlines())]
    with pytest.raises(SystemExit, match='another --out'):
        units_of_folder(folder, PROJECT / 'models/small', out)


def test_files_of_two_codebooks_are_not_mixed(tmp_path):
    a, b = (write_units(tmp_path / f'{c}.jsonl', {'x': [1, 2]}, codebook=c) for c in 'ab')
    with pytest.raises(ValueError, match='codebook a'):
        read_streams([a, b])
    vocabulary, streams = read_streams([a])
    assert vocabulary == 14 and [s.tolist() for s in streams] == [[13, 1, 2, 13]]


def test_texts_keep_plain_sentences_in_one_split():
    text = 'The first of them came.\nIt had 3 legs. The GNU project is odd.\n\nAnd then, said he, "it went away." No.\n\nHe left the e.g. house.'
    assert list(sentences(text)) == ['The first of them came.', 'And then, said he, it went away.']
    names = {s: next(f'x/{n}' for n in range(500) if split_of(f'x/{n}') == s) for s in ('train', 'dev', 'test')}
    same = 'This sentence is everywhere the same.'
    found = list(documents({'x': lambda: ((n[2:], same + ' And this is of ' + 'abcdefghij'[k] + 'lone.') for k, n in enumerate(names.values()))}))
    assert [(d['split'], len(d['sentences'])) for d in found] == [('test', 2), ('dev', 1), ('train', 1)]


def test_words_and_syllables(tmp_path):
    assert words_of("Go, said she; don't!") == ['go', BREAK, 'said', 'she', BREAK, "don't", BREAK]
    assert syllabify('s t r ao ng g er'.split()) == [['s', 't', 'r', 'ao', 'ng'], ['g', 'er']]
    assert syllabify('ae s t r ow'.split()) == [['ae'], ['s', 't', 'r', 'ow']] and syllabify(['m']) == [['m']]
    (tmp_path / 'lexicon.tsv').write_text('go\tg ow\nsaid\ts eh d\n')
    lexicon = Lexicon(tmp_path / 'lexicon.tsv')
    assert lexicon.syllables('Go, said a') == [(BREAK, -1), ('g ow', 0), (BREAK, -1), ('s eh d', 1), ('ax', 2), (BREAK, -1)]
    heard = [
        ['pau', 0, 0.1],
        ['g', 0.1, 0.2],
        ['ow', 0.2, 0.3],
        ['pau', 0.3, 0.4],
        ['s', 0.4, 0.5],
        ['eh', 0.5, 0.6],
        ['d', 0.6, 0.7],
        ['ax', 0.7, 0.8],
    ]
    said = spoken_syllables('Go, said a', heard, lexicon)
    assert said == [(BREAK, 0, 0.1), ('g ow', 0.1, 0.3), (BREAK, 0.3, 0.4), ('s eh d', 0.4, 0.7), ('ax', 0.7, 0.8)]
    units = [[0, 0, 1600], [4, 1600, 5000], [0, 5000, 6400], [7, 6400, 12800]]
    assert emissions(said, units) == [(0,), (4,), (0,), (7,), ()]


def test_simulated_units_are_those_of_the_speaker():
    model = UnitModel()
    for n in range(10):
        for speaker, base in (('a', 0), ('b', 100)):
            model.add(speaker, ['pau', 'g ow', 's eh d', 'pau'], [(0,), (base + 1,), (base + 2, base + 3 + n % 2), (0,)])
    assert model.speakers(10) == ['a', 'b']
    rng = random.Random(0)
    drawn = {tuple(model.units(['b'], ['pau', 'g ow', 's eh d', 'pau'], rng)) for _ in range(50)}
    assert drawn == {(0, 101, 102, 103, 0), (0, 101, 102, 104, 0)}
    blended = [tuple(model.units(['a', 'b'], ['pau', 'g ow', 'g ow', 'g ow', 'pau'], rng)) for _ in range(20)]
    assert set(blended) == {(0, 1, 1, 1, 0), (0, 101, 101, 101, 0)}  # the same syllable always the same way
    assert model.units(['a'], ['pau', 'z ow', 'pau'], rng) == [0, 1, 0]  # the same rime
    assert model.units(['a'], ['pau', 'k uw', 'pau'], rng) == [0, 0]  # nothing like it


def test_rows_are_drawn_alike_and_targets_stay_in_their_stream():
    streams = [np.array([9, *range(1, n), 9]) for n in range(3, 9)]
    rows = Rows([(streams, 1.0)], [], 1.0, seed=4)
    units, numbers, targets = rows.batch(7, 3, 32, False)
    again = rows.batch(7, 3, 32, False)
    assert all(torch.equal(a, b) for a, b in zip((units, numbers, targets), again, strict=True))
    told = targets != IGNORED
    following = torch.roll(units, -1, 1)
    inside = told[:, :-1] & (numbers[:, :-1] == numbers[:, 1:])
    assert torch.equal(following[:, :-1][inside], targets[:, :-1][inside])
    assert told.float().mean() > 0.9 and (targets[:, :-1][told[:, :-1] & ~inside[:, :]] == 9).any()


def test_a_phrase_is_some_words_of_a_text_that_follow_each_other():
    text = 'so far, so good, said the cat'
    drawn = {phrase_of(text, random.Random(k)) for k in range(500)}
    assert {len(phrase.split()) for phrase in drawn} == {2, 3, 4} and len(drawn) == 6 + 5 + 4
    assert all(f' {phrase} ' in f' {text} ' for phrase in drawn)
    assert phrase_of('no', random.Random(0)) == 'no'


def test_confusions_are_what_two_speakers_have_for_one_syllable():
    model = UnitModel()
    model.add('a', ['k ae t', 'dh ah', 'k ae t', 'hh aw s'], [(1,), (3,), (1,), (6, 7)])
    model.add('b', ['k ae t', 'dh ah', 'dh ah'], [(2,), (3,), (4,)])
    found = confusions(model, 9)
    assert found.shape == (9, 9) and found.sum(1) == pytest.approx(np.ones(9))
    assert found[1, [1, 2]] == pytest.approx([0.5, 0.5]) and found[2, [1, 2]] == pytest.approx([0.5, 0.5])
    assert found[3, 3] == pytest.approx(0.75) and found[4, 3] == pytest.approx(0.75)  # "dh ah" is 3 for a, 3 or 4 for b
    assert all(found[k, k] == 1 for k in (0, 5, 6, 7, 8))


def test_another_telling_keeps_pauses_and_ends_and_changes_units_by_their_confusions():
    table = np.eye(11)
    table[1:10, 1:10] = 0
    table[1:5, 1:5], table[5:10, 5:10] = 0.25, 0.2
    s = np.array([10, 0, *range(1, 10), 0, *range(1, 10), 10])
    rows = Rows([([s], 1.0)], [], 1.0, confusions=table, voices=1.0)
    told = np.array([rows.another_telling(s, np.random.default_rng(k)) for k in range(200)])
    assert (told[:, [0, -1]] == 10).all() and (told[:, [1, 11]] == 0).all()
    assert set(told[:, 2]) == {1, 2, 3, 4} and set(told[:, 20]) == {5, 6, 7, 8, 9}
    always = (told[:, 2:11] == told[:, 12:21]).all(1)  # a voice that has its own unit for a syllable
    assert 0.4 < always.mean() < 0.6


def test_batched_log_probabilities_are_those_of_each_stream_alone():
    torch.manual_seed(0)
    model = UnitLm(UnitLmConfig(2, 32, 2, 16, 64, 16, 14))
    streams = [np.array([13, *np.random.default_rng(n).integers(0, 13, n), 13]) for n in (2, 30, 7, 11)]
    for s, logs in zip(streams, log_probabilities(model, streams, rows=3), strict=True):
        want = whole_logits(model, s.tolist())[:-1].log_softmax(-1).gather(1, torch.from_numpy(s[1:])[:, None])[:, 0]
        np.testing.assert_allclose(logs, want.numpy(), atol=1e-5)


def run(module: str, *options: object) -> str:
    out = run_apart(module, *options)
    assert out.returncode == 0, out.stdout + out.stderr
    return out.stdout


def test_an_interrupted_run_is_the_same_run_and_learns(tmp_path):
    real, simulated, dev = (write_units(tmp_path / f'{s}.jsonl', made_up(60, s)) for s in (1, 2, 3))
    options = (
        '--config',
        'tiny',
        '--real',
        real,
        '--simulated',
        simulated,
        '--dev',
        dev,
        '--decay',
        20,
        '--fine',
        10,
        '--device',
        'cpu',
        '--dev-every',
        100,
    )
    whole = run('recipes.lm.train', '--run', tmp_path / 'whole', '--steps', 110, *options)
    run('recipes.lm.train', '--run', tmp_path / 'parts', '--steps', 110, *options, '--stop-at', 60)
    resumed = run('recipes.lm.train', '--run', tmp_path / 'parts', '--steps', 110, '--resume', *options)
    a, b = (load_checkpoint(tmp_path / name / 'lm.pt') for name in ('whole', 'parts'))
    assert a['step'] == b['step'] == 110 and 'from step 60' in resumed
    for name, value in a['average'].items():
        torch.testing.assert_close(value, b['average'][name], atol=1e-4, rtol=0)
    last = float(whole.strip().rsplit(' ', 1)[1])
    assert last < 0.9 * 14  # below what guessing evenly gives
    with pytest.raises(ValueError, match='expected the language model'):
        load_checkpoint(tmp_path / 'whole/lm.pt', UnitLmConfig(vocabulary=14))


def test_a_run_becomes_part_of_a_bundle(tmp_path):
    bundle = tmp_path / 'tiny'
    shutil.copytree(TINY, bundle)
    codebook = hashlib.sha256((TINY / 'codebook.safetensors').read_bytes()).hexdigest()
    units = write_units(tmp_path / 'u.jsonl', {'a': [1, 2, 3, 4, 0] * 20}, merged=4, codebook=codebook)
    run('recipes.lm.train', '--config', 'tiny', '--run', tmp_path / 'run', '--real', units, '--steps', 3, '--decay', 1, '--device', 'cpu')
    run('recipes.lm.export', '--run', tmp_path / 'run', '--bundle', bundle, '--golden', units)
    manifest = json.loads((bundle / 'manifest.json').read_text())
    for name in ('config.json', 'step.onnx', 'weights.bin', 'step_int8.onnx', 'golden.safetensors'):
        data = (bundle / 'lm' / name).read_bytes()
        assert manifest['files'][f'lm/{name}'] == {'bytes': len(data), 'sha256': hashlib.sha256(data).hexdigest()}
    model, _ = read_lm(bundle / 'lm')
    average = load_checkpoint(tmp_path / 'run/lm.pt')['average']
    torch.testing.assert_close(model.state_dict(), {name: value.half().float() for name, value in average.items()})  # as they are stored
    other = write_units(tmp_path / 'v.jsonl', {'a': [1]}, merged=4)
    out = run_apart('recipes.lm.export', '--run', tmp_path / 'run', '--bundle', bundle, '--golden', other)
    assert out.returncode != 0 and 'codebook' in out.stderr


def test_a_model_that_learns_new_names_of_its_units_says_the_same(tmp_path):
    codebook, names = hashlib.sha256((TINY / 'codebook.safetensors').read_bytes()).hexdigest(), [0, 3, 1, 4, 2]
    said = {f'{n}.wav': [int(u) for u in np.random.default_rng(n).integers(0, 5, 30)] for n in range(8)}
    before, now = tmp_path / 'before.jsonl', tmp_path / 'now.jsonl'
    for path, book, named in ((before, codebook, range(5)), (now, 'new', names)):
        rows = [{'path': name, 'units': [[named[u], 100 * i, 100 * i + 100] for i, u in enumerate(units)]} for name, units in said.items()]
        path.write_text('\n'.join(map(json.dumps, [{'codebook': book, 'merged': 4}, *rows])))
    run('recipes.lm.carry', TINY / 'lm', '--before', before, '--now', now, '--out', tmp_path / 'run')
    state = load_checkpoint(tmp_path / 'run/lm.pt')
    assert state['step'] == 0
    old, _ = read_lm(TINY / 'lm')
    new = UnitLm(UnitLmConfig(**state['lm']))
    new.load_state_dict(state['average'])
    (_, was), (_, is_now) = read_streams([before]), read_streams([now])
    for a, b in zip(log_probabilities(old, was), log_probabilities(new.eval(), is_now), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    run('recipes.lm.train', '--config', 'tiny', '--run', tmp_path / 'run', '--real', now, '--steps', 2, '--resume', '--device', 'cpu')
    out = run_apart('recipes.lm.carry', TINY / 'lm', '--before', now, '--now', now, '--out', tmp_path / 'other')
    assert out.returncode != 0 and 'which the model knows' in out.stderr


def test_a_unit_takes_after_those_that_it_shares_its_time_with():
    before = {'a': [[1, 0, 30], [2, 30, 60], [3, 60, 90]], 'b': [[3, 0, 90]]}
    now = {'a': [[2, 0, 40], [1, 40, 90]], 'c': [[1, 0, 90]]}
    time = shared_time(before, now, (4, 4))
    assert time[2].tolist() == [0, 30, 10, 0] and time[1].tolist() == [0, 0, 20, 30] and not time[3].any()
    old = torch.eye(5)
    new = carried(old, time)
    torch.testing.assert_close(new[2], (9 * old[1] + old[2]) / 10)
    torch.testing.assert_close(new[3], (old[1] + old[2] + old[3]) / 3)  # never heard
    assert torch.equal(new[0], old[0]) and torch.equal(new[4], old[4])


@pytest.mark.skipif(not DICTIONARY.exists(), reason='needs festlex-cmu')
def test_pseudo_words_are_matched_and_no_words():
    words = dictionary()
    counts = Counter({w: LEAST_HEARD + n % 7 for n, w in enumerate(list(words)[::45])}) | Counter({'seldom': LEAST_HEARD - 1})
    taken = {phones(s) for said in words.values() for s in said}
    halves = [word_items(counts, split, ['ked', 'kal'], 300) for split in ('dev', 'test')]
    assert not {p['cluster'] for p in halves[0][1]} & {p['cluster'] for p in halves[1][1]}
    rows, pairs = ({r['id']: r for r in halves[1][0]}, halves[1][1])
    assert len(pairs) == 300 and 'seldom' not in {p['cluster'] for p in pairs}
    for p in pairs:
        right, wrong = rows[p['right']], rows[p['wrong']]
        assert right['voice'] == wrong['voice'] == p['voice']
        assert right['word'] == p['cluster'] and right['said'] in taken and wrong['said'] not in taken
        assert right['entry'].count('(') == wrong['entry'].count('(') and abs(len(right['said'].split()) - len(wrong['said'].split())) <= 1
    parts = [Counter(x for p in pairs for x in rows[p[side]]['entry'].split(') (')) for side in ('right', 'wrong')]
    assert parts[0] == parts[1]  # every syllable is as often right as wrong


def test_grammar_items_are_balanced_and_new():
    first, _ = grammar_items(4, set(), ['ked', 'kal'])
    known = {first[0]['text'].lower().rstrip('.')}
    rows, pairs = grammar_items(40, known, ['ked', 'kal'])
    assert Counter(p['kind'] for p in pairs) == {f.__name__: 40 for f in PHENOMENA} and len(PHENOMENA) >= 6
    by = {r['id']: r for r in rows}
    assert not known & {r['text'].lower().rstrip('.') for r in rows}
    for p in pairs:
        assert by[p['right']]['text'] != by[p['wrong']]['text'] and by[p['right']]['voice'] == by[p['wrong']]['voice']
    for kind in {p['kind'] for p in pairs}:  # every word is as often right as wrong
        right, wrong = (Counter(w for p in pairs if p['kind'] == kind for w in words_of(by[p[side]]['text'])) for side in ('right', 'wrong'))
        assert right == wrong


def test_endings_are_swapped_between_passages(tmp_path):
    documents_ = [
        {
            'id': f'd{n}',
            'source': 's',
            'split': 'test',
            'sentences': [f'The long story {n} of that day went on for a while and more {k}.' for k in 'abcdef'],
        }
        for n in 'pqrs'
    ]
    (tmp_path / 'texts.jsonl').write_text(''.join(json.dumps(d) + '\n' for d in documents_))
    rows, pairs = ending_items(tmp_path / 'texts.jsonl', 'test', ['ked'], 6)
    by = {r['id']: r['text'] for r in rows}
    assert len(pairs) >= 2
    for a, b in zip(pairs[::2], pairs[1::2], strict=True):
        right, wrong = ({by[p[side]][-60:] for p in (a, b)} for side in ('right', 'wrong'))
        assert right == wrong and by[a['right']] != by[a['wrong']]


def test_scores_leave_pauses_out_and_ties_count_half():
    logs = lambda streams: [np.array([-1.0, -100.0, -3.0, -50.0]) for _ in streams]  # noqa: E731
    assert item_scores(logs, {'x': np.array([9, 4, 0, 5, 9])}) == {'x': -2.0}
    pairs = [{'right': 'a', 'wrong': 'b'}, {'right': 'b', 'wrong': 'a'}, {'right': 'a', 'wrong': 'c'}]
    assert wins(pairs, {'a': -1, 'b': -2, 'c': -1}).tolist() == [1, 0, 0.5]
    low, high = interval(np.repeat([0.0, 1.0], 200), [str(n) for n in range(400)])
    assert 0.42 < low < 0.47 and 0.53 < high < 0.58
    wide = interval(np.repeat([0.0, 1.0], 200), [str(n // 40) for n in range(400)])
    assert wide[0] < low and wide[1] > high
    assert phone_stream(['pau', 'pau', 'zh']).tolist() == [len(IDS), 0, IDS['zh'], len(IDS)]


def test_a_temperature_in_the_norm_divides_the_logits():
    torch.manual_seed(0)
    model, warm = (UnitLm(UnitLmConfig(1, 16, 2, 8, 16, 8, 14)).eval() for _ in range(2))
    warm.load_state_dict(tempered(model.state_dict(), 1.25))
    torch.testing.assert_close(whole_logits(warm, [13, 1, 2]), whole_logits(model, [13, 1, 2]) / 1.25)


def test_the_card_keeps_its_other_sections():
    once = with_section('# x\n\nabout\n\n## A\na\n\n## Limits\nl\n', '## Language model\n\nnew\n', '## Language model')
    assert once == '# x\n\nabout\n\n## A\na\n\n## Language model\n\nnew\n\n## Limits\nl\n'
    assert with_section(once, '## Language model\n\nnewer', '## Language model').count('new') == 1
    assert with_section('# x\n\nabout\n', '## Language model\n', '## Language model').startswith('# x')


def test_the_card_has_a_row_for_every_part_of_the_speech(tmp_path):
    tell = {'percent': 60.04, 'low': 58.0, 'high': 62.0}
    scores = {
        'perplexity': {'runs/lm/speech/dev/units.jsonl': dict.fromkeys(('lm', 'kn5', 'kn3', 'unigram'), 90.04)},
        'zero-shot': {'word': {'pairs': 3, 'lm': tell, 'kn5': tell | {'percent': 55.5}}},
    }
    (tmp_path / 'scores.json').write_text(json.dumps(scores))
    found = read_scores(tmp_path / 'scores.json')
    assert list(found['perplexity']) == ['dev']
    config = {'layers': 1, 'width': 2, 'windowUnits': 8, 'rate': 'natural'}
    assert 'Over hours' not in card(found, config, 'About.')
    hours = {h: {'perplexity': found['perplexity'], 'word': found['zero-shot']['word']} for h in ('2.5', '20')}
    told = card(found | {'hours': hours}, config, 'About.')
    assert '| 2.5 | 90.0 | 90.0 | 60.0 | 55.5 |' in told and '| 20 |' in told


def test_perplexity_of_even_odds():
    model = UnitLm(UnitLmConfig(1, 16, 2, 8, 16, 8, 14))
    with torch.no_grad():
        model.norm.weight.zero_()
    assert perplexity_of(model, [np.array([13, 1, 2, 0, 13])]) == pytest.approx(14, rel=1e-5)


@pytest.mark.skipif('SYLSTREAM_LM_RUNS' not in os.environ, reason='ci.sh runs the whole way first')
def test_the_whole_way_leaves_figures():
    runs = Path(os.environ['SYLSTREAM_LM_RUNS'])
    scores = json.loads((runs / 'scores.json').read_text())
    assert set(scores['zero-shot']) == {'word', 'grammar', 'ending'}
    for found in scores['zero-shot'].values():
        assert all(found['lm']['low'] <= found['lm']['percent'] <= found['lm']['high'] for _ in found)
    assert all(v['lm'] > 1 and v['kn5'] > 1 for v in scores['perplexity'].values())
