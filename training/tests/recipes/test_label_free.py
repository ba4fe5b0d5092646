"""The label-free way from recordings to a bundle, at tiny size; and its arithmetic."""

import json

import jsonschema
import numpy as np
import pytest
import torch

from bundle import label_free_card
from config import load_config
from data.places import PROJECT
from data.untimed import audio_shards
from model.encoder import Encoder, encode
from recipes.labelled.sylboost import cut_as, envelope_edges, read_edges, shallow
from segment.equal_counts import at_count, fair_scores, feature_cutter
from segment.stand_ins import complete
from tests.helpers import run


def test_the_bundle_is_one_of_features_alone_and_says_how_it_was_made(way):
    bundle = way / 'small-ssl'
    manifest, config = (json.loads((bundle / f'{name}.json').read_text()) for name in ('manifest', 'config'))
    for name, value in (('manifest', manifest), ('config', config)):
        jsonschema.validate(value, json.loads((PROJECT / f'docs/schema/{name}.schema.json').read_text()))
    assert config['encoder']['outputs'] == ['features'] and config['boundaries']['shiftSamples'] == 0
    lambdas = [r['lambda'] for r in config['boundaries']['rates']]
    assert lambdas[0] == lambdas[1] and lambdas[1] >= lambdas[2] >= lambdas[3]
    assert manifest['metrics']['steps'] == {'pretrain': 20, 'sylboost': 5} and manifest['metrics']['segmentsFrom'] == 'recut.jsonl'
    assert manifest['trainingData'] == [{'name': 'tones', 'hours': 0.0, 'licence': 'unknown'}]
    card = (bundle / 'README.md').read_text()
    assert 'taught by no label' in card and '| pretrain | 20 |' in card
    assert len(json.loads((bundle / 'golden/units.json').read_text())['int8']) > 1


def test_rounds_count_their_own_cost_and_the_first_was_resumed(way):
    first, second = (torch.load(way / name / 'sylboost.pt', weights_only=True) for name in ('round1', 'round2'))
    assert first['step'] == 10 and second['step'] == 5 and first['labels'] == 'losspred.jsonl'
    assert first['cost']['speech_hours'] == pytest.approx(10 * 8 * 2 / 3600, rel=0.05)  # 8 crops of 2 s, and the long ones
    assert second['cost']['flop'] < 0.5 * first['cost']['flop']


def test_recut_covers_every_recording(way, recordings):
    rows = [json.loads(line) for line in (way / 'round1/recut.jsonl').open()]
    assert len(rows) == 8 and all(r['edges'][0] == 0 and len(r['edges']) > 2 for r in rows)
    us = cut_as(audio_shards(recordings, None, 'train'), read_edges(way / 'round1/recut.jsonl'))
    assert len(us) == 8 and us[0].edges.tolist() == rows[[r['id'] for r in rows].index(us[0].uid)]['edges']
    assert us[0].syllables.shape == (len(us[0].edges) - 1, 2)
    with pytest.raises(FileNotFoundError, match='expected edges'):
        read_edges(way / 'nothing.jsonl')


def test_a_start_from_the_level_needs_no_network(recordings):
    us = audio_shards(recordings, None, 'train')
    edges = envelope_edges(us)
    assert edges.keys() == {(u.corpus, u.uid) for u in us}
    for u in cut_as(us, edges):
        assert (np.diff(u.edges) > 0).all() and u.edges[-1] <= len(u.mel) * 0.01 + 0.0125


def test_no_phones_without_labels(way):
    with pytest.raises(SystemExit, match='nobody told it'):
        run('recipes.labelled.sylboost', '--config', 'tiny', '--run', way / 'round3', '--labels', 'losspred', '--target', 'phones')


def test_a_shallow_teacher_is_the_network_up_to_there():
    torch.manual_seed(0)
    encoder, mel = Encoder(load_config('tiny').encoder).eval(), torch.randn(60, 128)
    whole = shallow(encoder, 2)
    assert whole.cfg.delay_tokens == 0 and torch.equal(whole.norm.weight, encoder.norm.weight)
    h = encode(shallow(encoder, 1), mel)['hidden']
    torch.testing.assert_close(h.mean(1), torch.zeros(30), atol=1e-5, rtol=0)
    torch.testing.assert_close(h.std(1, correction=0), torch.ones(30), atol=1e-2, rtol=0)


def test_a_knob_is_turned_until_the_counts_are_equal():
    found, knob = at_count(lambda k: [np.arange(int(100 / (1 + k)))], 20, 0, 50)
    assert len(found[0]) == 20 and knob == pytest.approx(4, abs=0.3)
    rng = np.random.default_rng(0)
    edges = np.arange(6, 96, 9)
    x = rng.normal(0, 0.2, (100, 8)) + np.repeat(rng.normal(0, 1, (len(edges) + 1, 8)), np.diff([0, *edges, 100]), 0)
    out = complete({'features': x}, np.full((200, 128), -5.0), ('features',), 8, 0)
    cut = feature_cutter([out])
    assert [len(cut(lam)[0]) for lam in (0.1, 2, 50)] == sorted([len(cut(lam)[0]) for lam in (0.1, 2, 50)], reverse=True)
    inside = 0.02 * edges + 0.0075
    scores = fair_scores(cut, [np.concatenate([[0], inside, [2.0075]])])
    assert scores['F1_20ms'] > 0.95


def test_corpora_are_told_by_their_facts():
    state = {'pretrained': {'corpora': {'tuxpaint-bg': 1.0, 'tuxpaint-ro': 0.5, 'drascula-es': 0.7, 'queen-notext-en': 1, 'mine': 2}}}
    rows = {d['name']: d for d in label_free_card.training_data(state)}
    assert rows['Tux Paint stamps, nine languages']['hours'] == 1.5 and 'Drascula, Spanish' in rows and rows['mine']['licence'] == 'unknown'
    assert 'cut-scenes' in ' '.join(rows)
