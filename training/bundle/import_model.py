"""A published network -> a bundle whose encoder hears windows of the waveform (docs/import.md).

    python -m bundle.import_model hubert ~/hubert-base-ls960 --layer 9 --speech ~/recordings --out ../models/hubert

Nothing is downloaded. The dial and, where the network brings none, the codebook are made of the recordings in --speech; no label is used.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import soundfile
from safetensors.numpy import save_file

from bundle.config_json import check_config, natural, rate_json, rates_of, rules_of
from bundle.imports import mae_ast, speech, sylboost, whisper
from bundle.imports.dial import NUMBERED, Codebook, Cutter, codebook_of, outputs_of, recordings
from bundle.imports.files import Refused, one_file
from bundle.imports.graph import Network
from bundle.imports.live import Steps, about_delay, live, runner, steps_in, steps_of
from bundle.imports.networks import read_fairseq
from bundle.manifest import write_manifest
from bundle.onnx_graph import save_shared
from data.mel import SAMPLE_RATE, log_mel, read_audio
from segment import segmenter
from segment.stand_ins import FEATURES_ONLY, complete

CLIP_SECONDS = 6
KINDS = (*speech.KINDS, 'data2vec2', 'whisper', 'sylboost', 'sylber', 'mae-ast-frame', 'mae-ast-patch')


def read_network(args: argparse.Namespace) -> Network:
    """The network of a KIND."""
    if not args.folder.exists():
        raise Refused(f'{args.folder}: expected the files of {args.kind}, there is nothing')
    kind, folder, layer = args.kind, args.folder, args.layer
    if kind == 'data2vec2' or (kind == 'hubert' and in_fairseq(folder)):
        return read_fairseq(kind, one_file(folder, ('.pt',)), layer=layer, normalise=args.normalise)
    if kind in speech.KINDS:
        return speech.read(kind, folder, layer=layer, normalise=args.normalise)
    if kind.startswith('mae-ast-'):
        return mae_ast.read(kind.removeprefix('mae-ast-'), folder, layer=layer)
    if kind == 'sylboost':
        return sylboost.read_sylboost(folder, layer=layer, normalise=args.normalise)
    return {'whisper': whisper.read, 'sylber': sylboost.read_sylber}[kind](folder, layer=layer)


def in_fairseq(folder: Path) -> bool:
    """Whether HuBERT's files are fairseq's: a checkpoint, or a folder with one and without config.json."""
    return folder.is_file() or (any(folder.glob('*.pt')) and not (folder / 'config.json').exists())


def encoder_json(network: Network, steps: Steps) -> dict:
    return {
        'frontend': 'waveform', 'layers': max(1, network.layers), 'width': network.width, 'featureWidth': network.width, 'framesPerToken': 2,
        'chunkTokens': steps.chunk, 'windowTokens': steps.window, 'delayTokens': steps.delay, 'outputs': list(FEATURES_ONLY),
    }  # fmt: skip


def write_graphs(folder: Path, network: Network) -> None:
    """onnx/wave.onnx with weights.bin, onnx/wave_int8.onnx."""
    (folder / 'onnx').mkdir(parents=True, exist_ok=True)
    save_shared({'wave': network.build(False)}, folder / 'onnx')
    (folder / 'onnx/wave_int8.onnx').write_bytes(network.build(True).SerializeToString())


def write_golden(folder: Path, config: dict, codebook: Codebook, clip: np.ndarray) -> None:
    """golden/: the clip, its features live, and its units in each precision."""
    golden = folder / 'golden'
    golden.mkdir(exist_ok=True)
    soundfile.write(golden / 'speech.wav', (clip * 32767).round().astype(np.int16), SAMPLE_RATE, subtype='PCM_16')
    wave = read_audio(golden / 'speech.wav')
    mel, steps = log_mel(wave).numpy(), steps_of(config)
    lists = {}
    for precision, file in (('fp32', 'wave.onnx'), ('int8', 'wave_int8.onnx')):
        features = live(runner(folder / 'onnx' / file), wave, steps)
        if precision == 'fp32':
            save_file({'mel': mel, 'features': features}, golden / 'tensors.safetensors')
        out = complete({'features': features}, mel.astype(np.float64), FEATURES_ONLY, steps.chunk, steps.delay)
        lists[precision] = segmenter.units(out, natural(config), rules_of(config), codebook, config['units']['trimTokens'])
    (golden / 'units.json').write_text(json.dumps({'rate': 'natural', **lists}, indent=1) + '\n')


def card(name: str, network: Network, config: dict, hours: float) -> str:
    rates = ', '.join(f'{r.name} ({r.hz:g} a second)' for r in rates_of(config))
    return (
        f'# {name}\n\nImported: {network.about}. Its weights are those of whoever published them; so is their licence ({network.licence}).\n'
        f'It hears windows: {about_delay(steps_of(config))}.\n\n'
        f'Rates {rates}: found on {hours:.2f} h of recordings without labels. '
        f'{config["units"]["merged"]} units of {config["units"]["centroids"]} centroids.\n'
        'Pauses are told by level: the network has no head for speech. How it was made: docs/import.md.\n'
    )


def write_bundle(out: Path, network: Network, steps: Steps, args: argparse.Namespace) -> None:
    write_graphs(out, network)
    waves, hours = recordings(args.speech, args.hours)
    print(f'{len(waves)} recordings, {hours:.2f} h', flush=True)
    rules = segmenter.Rules(shift_samples=network.shift)
    cutter = Cutter(outputs_of(runner(out / 'onnx/wave.onnx'), waves, steps), rules)
    rates = [cutter.rate('natural', args.natural or network.natural)] + [cutter.rate(str(hz), hz) for hz in NUMBERED]
    metrics = {} if network.delta is None else {'sameCutsAsAuthors': cutter.same_as_authors(rates[0], network.delta)}
    codebook = network.codebook or codebook_of(cutter, rates[0], args.centroids, args.units)
    config = {
        'formatVersion': 1, 'mel': {'bins': 128, 'mean': 0.0, 'std': 0.5}, 'encoder': encoder_json(network, steps),
        'boundaries': {
            'minTokens': rules.min_tokens, 'maxTokens': rules.max_tokens, 'logitClamp': 6, 'shiftSamples': rules.shift_samples,
            'rates': [rate_json(rate) for rate in rates],
        },
        'units': {'centroids': len(codebook['centroids']), 'merged': int(codebook['units'].max()), 'trimTokens': 1},
    }  # fmt: skip
    check_config(config)
    (out / 'config.json').write_text(json.dumps(config, indent=2) + '\n')
    save_file(codebook, out / 'codebook.safetensors')
    clip = read_audio(args.clip) if args.clip else waves[0]
    write_golden(out, config, codebook, clip[: CLIP_SECONDS * SAMPLE_RATE])
    (out / 'README.md').write_text(card(out.name, network, config, hours))
    data = [{'name': f'{args.speech.name} (dial and codebook)', 'hours': round(hours, 3), 'licence': 'unknown'}]
    write_manifest(out, {'name': out.name, 'version': args.version, 'licence': network.licence, 'trainingData': data, 'metrics': metrics})


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('kind', choices=KINDS, metavar='KIND', help=', '.join(KINDS))
    parser.add_argument('folder', type=Path, metavar='FOLDER', help='where its files are')
    parser.add_argument('--out', type=Path, required=True, help="the bundle's folder; must not be there, or be empty")
    parser.add_argument('--speech', type=Path, required=True, help='a folder of recordings: rates and codebook are found on them')
    parser.add_argument('--hours', type=float, default=0.5, help='of them at most (default 0.5)')
    parser.add_argument('--layer', type=int, help='whose features are taken (default: three quarters of the way up)')
    parser.add_argument(
        '--normalise', choices=('auto', 'yes', 'no'), default='auto', help="the waveform, over the window (default: as the network's folder says)"
    )
    parser.add_argument('--tuned', type=Path, help='tensors that were taught further, in place of its own (recipes/imported/sylboost.py)')
    parser.add_argument('--window', type=float, default=4.0, help='seconds that a step hears (default 4)')
    parser.add_argument('--hop', type=float, default=0.24, help='seconds from step to step (default 0.24)')
    parser.add_argument(
        '--ahead', type=float, default=0.4, help='seconds that have to come after a moment before its features are taken (default 0.4)'
    )
    parser.add_argument('--natural', type=float, help='units a second that "natural" means (default 5, or what the network was made for)')
    parser.add_argument('--centroids', type=int, default=2048, help='at most; one for 80 segments')
    parser.add_argument('--units', type=int, default=512, help='at most; one for 500 segments')
    parser.add_argument('--clip', type=Path, help="a recording for golden/ (default: one of --speech's)")
    parser.add_argument('--version', default='0.1.0')
    return parser


def main() -> None:
    args = parser().parse_args()
    if args.out.exists() and (not args.out.is_dir() or any(args.out.iterdir())):
        raise Refused(f'{args.out}: expected an empty folder or none, there is something; choose another --out')
    network = read_network(args)
    if args.tuned:
        network = network.tuned(args.tuned)
    try:
        steps = steps_in(args.window, args.hop, args.ahead, network.grid)
    except ValueError as error:
        raise Refused(str(error)) from error
    print(f'{network.about}: {about_delay(steps)}', flush=True)
    write_bundle(args.out, network, steps, args)


if __name__ == '__main__':
    main()
