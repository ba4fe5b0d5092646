"""Weights -> a bundle (docs/bundle.md): ONNX graphs, config, manifest, codebook, golden vectors, model card.

python -m bundle.export --config tiny --random --out ../test/fixtures/tiny       seeded random weights, for tests
python -m bundle.export --run runs/small --out ../models/small                   what recipes/labelled/quantize.py left in a run's folder
"""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
import torch
from safetensors.numpy import load_file, save_file

from bundle import label_free_card
from bundle.card import model_card, training_data
from bundle.config_json import check_config, encoder_config, encoder_json, natural, rules_of
from bundle.lm_graph import lm_json, random_lm
from bundle.manifest import write_manifest
from bundle.onnx_graph import build, flat_weights, save_shared
from bundle.read import onnx_step
from config import load_config
from data.mel import SAMPLE_RATE, log_mel, normalise, read_audio
from data.places import RUNS
from model.encoder import Encoder, EncoderConfig, Streamer, encode
from model.unit_lm import UnitLmConfig, stream
from segment import segmenter
from segment.stand_ins import complete_normalised


def write_golden(folder: Path, model: Encoder, config: dict, codebook: dict, clip: np.ndarray) -> None:
    """golden/: the clip, what the fp32 network makes of it, and the units of each precision."""
    golden = folder / 'golden'
    golden.mkdir(exist_ok=True)
    soundfile.write(golden / 'speech.wav', (clip * 32767).round().astype(np.int16), SAMPLE_RATE, subtype='PCM_16')
    mel = log_mel(read_audio(golden / 'speech.wav'))
    x = normalise(mel, config['mel']['mean'], config['mel']['std'])
    cfg = model.cfg
    fp32 = {k: v.numpy() for k, v in encode(model, x, cfg.chunk_tokens).items()}
    int8 = {k: v.numpy() for k, v in Streamer(cfg, onnx_step(folder / 'onnx/step_int8.onnx', cfg.caches)).run(x).items()}
    tensors = {'mel': mel.numpy()} | {k: np.ascontiguousarray(fp32[k]) for k in config['encoder']['outputs']}
    fp32, int8 = (complete_normalised(out, x, config) for out in (fp32, int8))
    save_file(tensors, golden / 'tensors.safetensors')
    rate, rules = natural(config), rules_of(config)
    trim = config['units']['trimTokens']
    lists = {name: segmenter.units(out, rate, rules, codebook, trim) for name, out in {'fp32': fp32, 'int8': int8}.items()}
    (golden / 'units.json').write_text(json.dumps({'rate': 'natural', **lists}, indent=1) + '\n')


def write_bundle(folder: Path, model: Encoder, config: dict, codebook: dict, about: dict, clip: np.ndarray, card: str) -> None:
    """Writes every file of a bundle. codebook: the tensors of codebook.safetensors. about: name, version, licence, trainingData, metrics."""
    model.eval()
    shutil.rmtree(folder / 'head', ignore_errors=True)  # of another encoder: recipes/finetune/voice.py makes it anew
    (folder / 'onnx').mkdir(parents=True, exist_ok=True)
    weights = flat_weights(model.cfg, {k: v.detach().float().numpy() for k, v in model.state_dict().items()})
    heads = tuple(config['encoder']['outputs'])
    int8 = build(model.cfg, weights, 'step', True, heads)
    save_shared({kind: build(model.cfg, weights, kind, heads=heads) for kind in ('step', 'window')}, folder / 'onnx')
    (folder / 'onnx/step_int8.onnx').write_bytes(int8.SerializeToString())
    check_config(config)
    (folder / 'config.json').write_text(json.dumps(config, indent=2) + '\n')
    save_file(codebook, folder / 'codebook.safetensors')
    write_golden(folder, model, config, codebook, clip)
    (folder / 'README.md').write_text(card)
    write_manifest(folder, about)


def random_bundle(out: Path, cfg: EncoderConfig, clip: np.ndarray, units: tuple[int, int], lm: UnitLmConfig, seed: int = 0) -> None:
    """A bundle of seeded random weights, large enough to make varied units: for tests, worth nothing as a model."""
    torch.manual_seed(seed)
    model = Encoder(cfg)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.ndim == 2:
                p.normal_(std=p.shape[1] ** -0.5 * (2.0 if name.startswith('events') else 1.0))
        model.events.bias.copy_(torch.tensor([0.0, 1.0]))  # more speech than pauses
    K, M = units
    rng = np.random.default_rng(seed)
    codebook = {'centroids': rng.standard_normal((K, cfg.feature_width)).astype(np.float16), 'units': (np.arange(K) % M + 1).astype(np.int32)}
    mel = {'bins': cfg.mel_bins, 'mean': float(log_mel(clip).mean()), 'std': float(log_mel(clip).std())}
    rates = [('natural', 5.5, 1.0, 1.0), ('5.0', 5.0, 1.0, 1.5), ('6.25', 6.25, 1.0, 0.5), ('8.33', 8.33, 1.0, -1.0)]
    config = {
        'formatVersion': 1, 'mel': mel, 'encoder': encoder_json(cfg),
        'boundaries': {
            'minTokens': 3, 'maxTokens': 50, 'logitClamp': 6, 'shiftSamples': -40,
            'rates': [{'name': n, 'hz': hz, 'w': w, 'lambda': lam} for n, hz, w, lam in rates],
        },
        'units': {'centroids': K, 'merged': M, 'trimTokens': 1},
    }  # fmt: skip
    about = {'name': out.name, 'version': '0.0.0', 'licence': 'CC0-1.0', 'trainingData': [], 'metrics': {}}
    card = (
        f'# {out.name}\n\nSeeded random weights in the format of docs/bundle.md, for tests. It was trained on nothing and its units mean nothing.\n'
    )
    card += '`golden/speech.wav` is a clip of the kathleen recordings (CC0 1.0).\n'
    write_bundle(out, model, config, codebook, about, clip, card)
    lm = replace(lm, vocabulary=M + 2)
    spoken = json.loads((out / 'golden/units.json').read_text())['int8']
    random_lm(out / 'lm', lm, lm_json(lm, out / 'codebook.safetensors', 'natural'), stream(lm.boundary, [u['id'] for u in spoken] * 3), seed)
    write_manifest(out, about)


def export_run(args: argparse.Namespace, clip: np.ndarray) -> None:
    """Makes the bundle of what a stage and recipes/labelled/quantize.py left in a run's folder."""
    quantized, trained = args.run / 'quantized', args.run / f'{args.stage}.pt'
    for path, of in ((trained, args.stage), (quantized / 'config.json', 'recipes/labelled/quantize.py')):
        if not path.exists():
            raise SystemExit(f'{path}: expected it from {of}; run that first')
    state = torch.load(trained, map_location='cpu', weights_only=True)
    config = json.loads((quantized / 'config.json').read_text())
    model = Encoder(encoder_config(config))
    model.load_state_dict(state['average'])
    metrics = json.loads((quantized / 'metrics.json').read_text())
    if args.scores:
        metrics['test'] = json.loads(args.scores.read_text())
    free = 'pretrained' in state  # taught by no label
    if free:
        data = label_free_card.training_data(state)
        metrics |= label_free_card.stages(state)
    else:
        data = training_data(args.data, args.corpora or sorted(p.parent.name for p in args.data.glob('*/utterances.jsonl')))
        metrics['steps'] = ({'timed': state['timed_steps']} if 'timed_steps' in state else {}) | {args.stage: state['step']}
    about = {'name': args.out.name, 'version': args.version, 'licence': 'Apache-2.0', 'trainingData': data, 'metrics': metrics}
    card = (label_free_card.model_card if free else model_card)(args.out.name, config, about)
    write_bundle(args.out, model, config, load_file(quantized / 'codebook.safetensors'), about, clip, card)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--config', default='small')
    parser.add_argument('--random', action='store_true', help='seeded random weights')
    parser.add_argument('--clip', type=Path, required=True, help='a few seconds of speech for golden/')
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--run', type=Path, default=RUNS / 'small')
    parser.add_argument('--stage', choices=('sylboost', 'steady'), default='sylboost', help='whose checkpoint in RUN')
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--corpora', nargs='*', help='the shards that were trained on (default: all that are there)')
    parser.add_argument('--scores', type=Path, help='what measure/evaluate.py --json wrote for this bundle: goes into manifest and card')
    parser.add_argument('--version', default='0.1.0')
    args = parser.parse_args()
    settings = load_config(args.config)
    clip = read_audio(args.clip)
    if args.random:
        random_bundle(args.out, settings.encoder, clip, (settings.centroids, settings.merged), settings.lm)
    else:
        export_run(args, clip)


if __name__ == '__main__':
    main()
