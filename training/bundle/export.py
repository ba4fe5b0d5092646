"""Weights -> a bundle (docs/bundle.md): ONNX graphs, config, manifest, codebook, golden vectors, model card.

python -m bundle.export --config tiny --random --out ../test/fixtures/tiny       seeded random weights, for tests
python -m bundle.export --run runs/small --out ../models/small                   what recipes/labelled/quantize.py left in a run's folder
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import soundfile
import torch
from onnx import numpy_helper
from safetensors.numpy import load_file, save_file

from bundle import label_free_card
from bundle.lm_graph import lm_json, random_lm
from bundle.onnx_graph import build, flat_weights, save_shared, session_of, unflatten_weights
from bundle.stand_ins import OUTPUTS, complete_normalised
from config import load_config
from data.mel import SAMPLE_RATE, log_mel, normalise, read_audio
from data.places import PROJECT, RUNS
from model.encoder import Encoder, EncoderConfig, Streamer, encode
from model.unit_lm import UnitLmConfig, stream
from segment import segmenter


def encoder_json(cfg: EncoderConfig, outputs: tuple[str, ...] = OUTPUTS) -> dict:
    """The `encoder` object of config.json."""
    return {
        'layers': cfg.layers, 'width': cfg.width, 'heads': cfg.heads, 'kvHeads': 1, 'headWidth': cfg.head_width,
        'ffnWidth': cfg.ffn_width, 'featureWidth': cfg.feature_width, 'framesPerToken': cfg.frames_per_token,
        'chunkTokens': cfg.chunk_tokens, 'windowTokens': cfg.window_tokens, 'delayTokens': cfg.delay_tokens,
        'alibiSlopes': cfg.slopes, 'outputs': list(outputs),
        **({'causal': True} if cfg.causal else {}),
        **({'stemFrames': cfg.stem_frames} if cfg.frames_before else {}),
    }  # fmt: skip


def encoder_config(config: dict) -> EncoderConfig:
    """config.json -> EncoderConfig."""
    e = config['encoder']
    return EncoderConfig(
        layers=e['layers'], width=e['width'], heads=e['heads'], head_width=e['headWidth'], ffn_width=e['ffnWidth'],
        feature_width=e['featureWidth'], mel_bins=config['mel']['bins'], frames_per_token=e['framesPerToken'],
        chunk_tokens=e['chunkTokens'], window_tokens=e['windowTokens'], delay_tokens=e['delayTokens'],
        causal=e.get('causal', False), stem_frames=e.get('stemFrames', e['framesPerToken']),
    )  # fmt: skip


def onnx_step(path: Path, layers: int):
    """An ONNX step model as a step function for encoder.Streamer."""
    session = session_of(path)
    names = [o.name for o in session.get_outputs()]

    def step(mel, mask, ages, keys, values):
        feed = {'mel': mel, 'token_mask': mask, 'past_age': ages}
        feed |= {f'past_k_{i}': keys[:, i] for i in range(layers)} | {f'past_v_{i}': values[:, i] for i in range(layers)}
        out = session.run(None, {k: np.ascontiguousarray(v.numpy(), np.float32) for k, v in feed.items()})
        return {n: torch.from_numpy(v) for n, v in zip(names, out, strict=True)}

    return step


def write_golden(folder: Path, model: Encoder, config: dict, codebook: dict, clip: np.ndarray) -> None:
    """golden/: the clip, what the fp32 network makes of it, and the units of each precision."""
    golden = folder / 'golden'
    golden.mkdir(exist_ok=True)
    soundfile.write(golden / 'speech.wav', (clip * 32767).round().astype(np.int16), SAMPLE_RATE, subtype='PCM_16')
    mel = log_mel(read_audio(golden / 'speech.wav'))
    x = normalise(mel, config['mel']['mean'], config['mel']['std'])
    cfg = model.cfg
    fp32 = {k: v.numpy() for k, v in encode(model, x, cfg.chunk_tokens).items()}
    int8 = {k: v.numpy() for k, v in Streamer(cfg, onnx_step(folder / 'onnx/step_int8.onnx', cfg.layers)).run(x).items()}
    tensors = {'mel': mel.numpy()} | {k: np.ascontiguousarray(fp32[k]) for k in config['encoder']['outputs']}
    fp32, int8 = (complete_normalised(out, x, config) for out in (fp32, int8))
    save_file(tensors, golden / 'tensors.safetensors')
    rate, rules = natural(config), rules_of(config)
    trim = config['units']['trimTokens']
    lists = {name: segmenter.units(out, rate, rules, codebook, trim) for name, out in {'fp32': fp32, 'int8': int8}.items()}
    (golden / 'units.json').write_text(json.dumps({'rate': 'natural', **lists}, indent=1) + '\n')


def rules_of(config: dict) -> segmenter.Rules:
    b = config['boundaries']
    return segmenter.Rules(b['minTokens'], b['maxTokens'], b['logitClamp'], b['shiftSamples'])


def rates_of(config: dict) -> list[segmenter.Rate]:
    return [segmenter.Rate(r['name'], r['hz'], r['w'], r['lambda'], r.get('even', 0.0)) for r in config['boundaries']['rates']]


def rate_json(rate: segmenter.Rate) -> dict:
    """A setting of the dial as config.json has it."""
    even = {'even': rate.even} if rate.even else {}
    return {'name': rate.name, 'hz': rate.hz, 'w': rate.w, 'lambda': rate.lam, **even}


def natural(config: dict) -> segmenter.Rate:
    return next(r for r in rates_of(config) if r.name == 'natural')


def check_config(config: dict) -> None:
    """Stops with what is wrong where config.json would not follow the schema, which the runtime checks too."""
    schema = json.loads((PROJECT / 'docs/schema/config.schema.json').read_text())
    if wrong := jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(config)):
        raise SystemExit(f'config.json: {"/".join(map(str, wrong.absolute_path))}: {wrong.message}; docs/bundle.md has the format')


MADE = ('format', 'formatVersion', 'created', 'files')  # of a manifest, by write_manifest


def read_about(folder: Path) -> dict:
    """What a bundle's manifest says besides what write_manifest makes itself."""
    return {key: value for key, value in json.loads((folder / 'manifest.json').read_text()).items() if key not in MADE}


def write_manifest(folder: Path, about: dict) -> None:
    """manifest.json with the size and SHA-256 of every other file."""
    files = {}
    for path in sorted(p for p in folder.rglob('*') if p.is_file() and p != folder / 'manifest.json'):
        data = path.read_bytes()
        files[path.relative_to(folder).as_posix()] = {'bytes': len(data), 'sha256': hashlib.sha256(data).hexdigest()}
    created = datetime.now(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
    manifest = {'format': 'sylstream-bundle', 'formatVersion': 1, 'created': created, **about, 'files': files}
    (folder / 'manifest.json').write_text(json.dumps(manifest, indent=2) + '\n')


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


def read_bundle(folder: Path) -> tuple[Encoder, dict, dict]:
    """A bundle's fp32 network (phone head, and heads that the bundle lacks, untrained), config.json and codebook: what --init continues from."""
    config = json.loads((folder / 'config.json').read_text())
    model = Encoder(encoder_config(config))
    step = onnx.load(folder / 'onnx/step.onnx')
    arrays = {t.name: numpy_helper.to_array(t) for t in step.graph.initializer}
    wanted = [n for n in model.state_dict() if not n.startswith('phones.') and (n in arrays or not n.startswith('events.'))]
    state = unflatten_weights(model.cfg, {n: arrays[n] for n in wanted})
    model.load_state_dict({n: torch.from_numpy(np.array(v)) for n, v in state.items()}, strict=False)
    return model.eval(), config, load_file(folder / 'codebook.safetensors')


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


CORPUS_FACTS = {  # corpus -> name in the manifest, licence
    'kathleen': ('kathleen (CMU ARCTIC prompts read by one woman, US English)', 'CC0-1.0'),
    'speechocean762': ('speechocean762 (SLR101; Zhang et al., Interspeech 2021)', 'free for commercial and non-commercial use, with credit'),
    'timed-speech': ('speech synthesised with Kokoro-82M', 'Apache-2.0'),
    'flite-rms': ('speech synthesised with flite, voice rms', 'CMU flite licence (BSD-like)'),
    'flite-awb': ('speech synthesised with flite, voice awb', 'CMU flite licence (BSD-like)'),
    'queen': ('dialogue of Flight of the Amazon Queen', 'free to distribute and modify, not to be sold alone'),
    'accents': (
        'English by diphone voices of Festival: Czech, Finnish, Hindi, Italian',
        "the voices': GPL and LGPL; the texts: public domain",
    ),
    'changed': ("parts of the others again, with another pitch and other formants (Praat's)", "the others'"),
}


def training_data(data: Path, corpora: list[str]) -> list[dict]:
    """The manifest's trainingData: hours of the training split of each shard."""
    rows = []
    for name in corpora:
        lines = map(json.loads, (data / name / 'utterances.jsonl').open(encoding='utf-8'))
        hours = sum(j['frames'] for j in lines if j['split'] == 'train' and j['syllables']) / 360_000
        title, licence = CORPUS_FACTS.get(name, (name, 'unknown'))
        rows.append({'name': title, 'hours': round(hours, 2), 'licence': licence})
    return rows


def dial_section(dial: dict) -> str:
    """The part of a card that says what bundle/dial.py measured."""
    if not dial:
        return ''

    def cell(rate: dict) -> str:
        return f'{rate["hz"]:.2f} ({rate["sd"]:.2f})' if rate.get('speakers', 0) > 1 else f'{rate["hz"]:.2f}'

    rows = ''.join(f'| {name} | {" | ".join(map(cell, rates.values()))} |\n' for name, rates in dial.items())
    bits = ' | '.join(f'{rate["bits"]:.1f}' for rate in dial['all'].values())
    return f"""
## The dial
Units per second of non-pause at one setting each, live, on speakers (kathleen: sentences) that no training saw (`training/bundle/dial.py`). In
brackets the standard deviation between speakers of whom there are 10 s or more.

| corpus | {' | '.join(dial['all'])} |
|{' --- |' * (1 + len(dial['all']))}
{rows}| bits a second, all together | {bits} |
"""


def model_card(name: str, config: dict, about: dict) -> str:
    """README.md of a bundle: what it is, what it was trained on, what it measures."""
    e, u = config['encoder'], config['units']
    data = ''.join(f'| {d["name"]} | {d["hours"]} | {d["licence"]} |\n' for d in about['trainingData'])
    dev = ''.join(f'| {n} | {s["f1_50ms"]:.3f} | {s["f1_20ms"]:.3f} |\n' for n, s in about['metrics'].get('dev', {}).items())
    test = 'Test sets, the same way (`training/measure/evaluate.py`):\n\n| set | F1 at 50 ms | 20 ms | R-value | whole context, fp32 |\n'
    test += '| --- | --- | --- | --- | --- |\n'
    for n, parts in about['metrics'].get('test', {}).items():
        live, whole = parts['live int8'], parts.get('whole fp32', {})
        test += f'| {n} | {live["F1_50ms"]:.3f} | {live["F1_20ms"]:.3f} | {live["R_value"]:.3f} | {whole.get("F1_50ms", float("nan")):.3f} |\n'
    rates = ', '.join(f'{r["name"]} ({r["hz"]} Hz)' if r['name'] == 'natural' else r['name'] for r in config['boundaries']['rates'])
    return f"""# {name} {about['version']}

A streaming encoder of English speech with syllable boundaries and units: {e['layers']} layers of width {e['width']}, chunks of
{e['chunkTokens'] * 20} ms, outputs delayed by {e['delayTokens'] * 20} ms, {u['centroids']} centroids merged into {u['merged']} units, rates {rates}.
Made by the recipe in `training/README.md`; the format is that of `docs/bundle.md`.

## Trained on
| speech | hours | licence |
| --- | --- | --- |
{data}
Syllable times come from forced alignment (recordings and Kokoro) or from the synthesiser. Steps: {about['metrics'].get('steps')}.
No voice of the evaluation pack (Asterisk's speakers; Festival's and flite's kal, ked, slt) was trained on.

## Measured
Development split, int8, live (160 ms chunks, decisions within 800 ms), natural rate, one λ and one shift for all: F1 of all boundaries.

| set | 50 ms | 20 ms |
| --- | --- | --- |
{dev}
{test}
How it is counted: the starts and ends of the units that are no pause, against the starts and ends of the reference's syllables (as
`sylstream evaluate` and the evaluation pack's own script count), the first and last edge of a recording among them.
{dial_section(about['metrics'].get('dial', {}))}
## Limits
English only. Children, strong accents, noise and telephone bands are harder than read speech. The times it learned from are automatic.
Units say what was spoken only roughly; they are no transcript, and they were not built to hide or to reveal who speaks.
"""


def export_run(args: argparse.Namespace, clip: np.ndarray) -> None:
    """Makes the bundle of what recipes/labelled/sylboost.py and recipes/labelled/quantize.py left in a run's folder."""
    quantized = args.run / 'quantized'
    for path in (args.run / 'sylboost.pt', quantized / 'config.json'):
        if not path.exists():
            raise SystemExit(f'{path}: expected it from recipes/labelled/sylboost.py and recipes/labelled/quantize.py; run them first')
    state = torch.load(args.run / 'sylboost.pt', map_location='cpu', weights_only=True)
    config = json.loads((quantized / 'config.json').read_text())
    model = Encoder(EncoderConfig(**state['encoder']))
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
        metrics['steps'] = {'timed': state.get('timed_steps'), 'sylboost': state['step']}
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
