"""Bundles without a boundary and a speech head: graphs, stand-ins, the way there and back."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from bundle.config_json import encoder_json
from bundle.export import write_bundle
from bundle.outputs import outputs_of
from bundle.read import read_bundle
from data.mel import log_mel, normalise, read_audio
from data.places import PROJECT
from segment.stand_ins import FEATURES_ONLY, FIRST_FLOOR, MARGIN, RISE, complete, levels_of, speech_by_level

TINY = PROJECT / 'test/fixtures/tiny'


def test_the_floor_falls_at_once_and_climbs_slowly():
    levels = np.array([-9.0] * 3 + [-14.0] * 2 + [-9.0] * 3)
    speech = speech_by_level(levels, 99)
    floor, want = FIRST_FLOOR, []
    for level in levels:
        floor = min(floor + RISE, level)
        want.append(level - floor - MARGIN)
    np.testing.assert_allclose(speech, want)
    assert speech[0] < 0 and (speech[3:5] < 0).all() and (speech[5:] > 0).all()
    flushed = speech_by_level(levels, 5)
    assert flushed[5] == flushed[7] and flushed[5] == speech[5]


def test_only_what_is_missing_is_made_up():
    mel = np.random.default_rng(0).normal(-9, 2, (41, 128))
    out = {'features': np.ones((20, 4)), 'boundary': np.full(20, 3.0), 'speech': np.full(20, 5.0)}
    full = complete(out, mel, ('features', 'boundary', 'speech'), 8, 2)
    assert full == out
    bare = complete(out, mel, FEATURES_ONLY, 8, 2)
    assert (bare['boundary'] == 0).all()
    np.testing.assert_array_equal(bare['speech'], speech_by_level(levels_of(mel[:40]), 14))


@pytest.fixture(scope='module')
def bare(tmp_path_factory) -> Path:
    """The tiny bundle's network as a bundle of features alone."""
    model, config, codebook = read_bundle(TINY)
    config['encoder'] = encoder_json(model.cfg, FEATURES_ONLY)
    folder = tmp_path_factory.mktemp('bundle') / 'bare'
    about = {'name': 'bare', 'version': '0.0.0', 'licence': 'CC0-1.0', 'trainingData': [], 'metrics': {}}
    write_bundle(folder, model, config, codebook, about, read_audio(TINY / 'golden/speech.wav'), '# bare\n')
    return folder


def test_graphs_have_features_alone(bare):
    for name in ('step', 'step_int8', 'window'):
        model = onnx.load(bare / f'onnx/{name}.onnx')
        onnx.checker.check_model(model)
        assert [o.name for o in model.graph.output] == ['features'] + ['present'] * (name != 'window')
        assert not any(t.name.startswith('events') for t in model.graph.initializer)


def test_a_bundle_of_features_comes_back_and_is_cut(bare):
    model, config, _ = read_bundle(bare)
    x = normalise(log_mel(read_audio(bare / 'golden/speech.wav')), config['mel']['mean'], config['mel']['std'])
    for precision in ('fp32', 'int8'):
        out = outputs_of(bare, precision, False)(x)
        assert (out['boundary'] == 0).all() and (out['speech'] > 0).any()
    with torch.no_grad():
        whole = outputs_of(TINY, 'fp32', False)(x)
    np.testing.assert_allclose(outputs_of(bare, 'fp32', False)(x)['features'], whole['features'], atol=1e-5)
    units = json.loads((bare / 'golden/units.json').read_text())
    assert len(units['int8']) > 3 and any(not u['pause'] for u in units['int8'])


def test_the_gate_is_the_one_that_the_runtime_is_tested_on():
    golden = json.loads((TINY.parent / 'level-gate.json').read_text())
    np.testing.assert_allclose(speech_by_level(np.array(golden['levels']), golden['kept']), golden['speech'], atol=1e-6)
