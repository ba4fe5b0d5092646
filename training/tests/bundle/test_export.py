"""Bundles: the format, the shared weights, the golden vectors, and the way back into training."""

import hashlib
import json
import os
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import pytest
import torch
from safetensors.numpy import load_file

from bundle.config_json import encoder_config, natural, rules_of
from bundle.export import random_bundle
from bundle.outputs import outputs_of
from bundle.read import onnx_step, read_bundle
from config import load_config
from data.mel import log_mel, normalise, read_audio
from data.places import PROJECT
from model.encoder import Streamer, encode
from segment import segmenter

TINY = PROJECT / 'test/fixtures/tiny'
BUNDLES = [TINY] + ([PROJECT / 'models/small'] if (PROJECT / 'models/small/manifest.json').exists() else [])
BUNDLES += [Path(os.environ['SYLSTREAM_BUNDLE'])] if 'SYLSTREAM_BUNDLE' in os.environ else []
MOST_BYTES = 40 * 2**20


@pytest.fixture(params=BUNDLES, ids=[f'{b.parent.name}-{b.name}' for b in BUNDLES])
def bundle(request) -> Path:
    return request.param


@pytest.mark.parametrize('name', ['manifest', 'config'])
def test_json_files_hold_to_their_schemas(bundle, name):
    schema = json.loads((PROJECT / f'docs/schema/{name}.schema.json').read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads((bundle / f'{name}.json').read_text()), schema)


def test_manifest_lists_every_file_as_it_is(bundle):
    files = json.loads((bundle / 'manifest.json').read_text())['files']
    there = {p.relative_to(bundle).as_posix() for p in bundle.rglob('*') if p.is_file()}
    assert there - {'manifest.json'} == set(files)
    for name, entry in files.items():
        data = (bundle / name).read_bytes()
        assert (entry['bytes'], entry['sha256']) == (len(data), hashlib.sha256(data).hexdigest()), name
    assert sum(e['bytes'] for e in files.values()) <= MOST_BYTES


def test_graphs_have_the_documented_tensors(bundle):
    config = json.loads((bundle / 'config.json').read_text())
    e = config['encoder']
    for name in ('step', 'step_int8'):
        model = onnx.load(bundle / f'onnx/{name}.onnx')
        onnx.checker.check_model(model)
        assert model.ir_version <= 10 and model.opset_import[0].version >= 17
        inputs = {i.name: [d.dim_param or d.dim_value for d in i.type.tensor_type.shape.dim] for i in model.graph.input}
        past = {f'past_{which}_{layer}': ['B', e['windowTokens'], e['headWidth']] for which in 'kv' for layer in range(encoder_config(config).caches)}
        assert inputs == {'mel': ['B', 'frames', 128], 'token_mask': ['B', 'c'], 'past_age': ['B', e['windowTokens']], **past}
        assert [o.name for o in model.graph.output] == ['features', 'boundary', 'speech', 'present']


def test_codebook_fits_the_config(bundle):
    config, codebook = json.loads((bundle / 'config.json').read_text()), load_file(bundle / 'codebook.safetensors')
    K, M = config['units']['centroids'], config['units']['merged']
    shapes = {name: tensor.shape for name, tensor in codebook.items()}
    width = config['encoder']['featureWidth']
    if 'projection.0.bias' in shapes:
        (hidden,), (projected,) = shapes['projection.0.bias'], shapes['projection.2.bias']
        assert shapes['projection.0.weight'] == (hidden, width) and shapes['projection.2.weight'] == (projected, hidden)
        width = projected
    assert shapes['centroids'] == (K, width)
    assert {name for name, tensor in codebook.items() if tensor.dtype != np.float16} == {'units'}
    assert codebook['units'].dtype == np.int32 and set(codebook['units'].tolist()) == set(range(1, M + 1))


def test_golden_vectors_are_what_the_network_says(bundle):
    model, config, codebook = read_bundle(bundle)
    tensors = load_file(bundle / 'golden/tensors.safetensors')
    mel = log_mel(read_audio(bundle / 'golden/speech.wav'))
    np.testing.assert_allclose(tensors['mel'], mel.numpy(), atol=1e-3)
    x = normalise(mel, config['mel']['mean'], config['mel']['std'])
    want = encode(model, x, model.cfg.chunk_tokens)
    streamed = {
        name: Streamer(model.cfg, onnx_step(bundle / f'onnx/{file}.onnx', model.cfg.caches)).run(x)
        for name, file in (('fp32', 'step'), ('int8', 'step_int8'))
    }
    for name in ('features', 'boundary', 'speech'):
        np.testing.assert_allclose(tensors[name], want[name].numpy(), atol=1e-4)
        torch.testing.assert_close(streamed['fp32'][name], want[name], atol=1e-4, rtol=0)
    lists = json.loads((bundle / 'golden/units.json').read_text())
    for name, out in streamed.items():
        arrays = {k: v.numpy() for k, v in out.items()}
        got = segmenter.units(arrays, natural(config), rules_of(config), codebook, 1)
        assert got == lists[name]


def test_random_bundles_are_made_alike(tmp_path):
    clip = read_audio(TINY / 'golden/speech.wav')
    settings = load_config('tiny')
    for name in ('a', 'b'):
        random_bundle(tmp_path / name, settings.encoder, clip, (settings.centroids, settings.merged), settings.lm)
    for file in (
        'onnx/step.onnx',
        'onnx/weights.bin',
        'onnx/step_int8.onnx',
        'codebook.safetensors',
        'golden/units.json',
        'lm/weights.bin',
        'lm/step_int8.onnx',
    ):
        assert (tmp_path / 'a' / file).read_bytes() == (tmp_path / 'b' / file).read_bytes()


def test_int8_products_are_exact_on_every_processor():
    """Without VNNI the library's fast product of uint8 and int8 overflows: the features were 13 % off, 1 % is quantisation."""
    mel = json.loads((TINY / 'config.json').read_text())['mel']
    x = normalise(log_mel(read_audio(TINY / 'golden/speech.wav')), mel['mean'], mel['std'])
    fp32, int8 = (outputs_of(TINY, precision, False)(x)['features'] for precision in ('fp32', 'int8'))
    assert np.sqrt(((fp32 - int8) ** 2).mean() / fp32.var()) < 0.03
