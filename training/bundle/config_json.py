"""config.json of a bundle: what it says, as the rest of this folder has it, and back."""

from __future__ import annotations

import json

import jsonschema

from data.places import PROJECT
from model.encoder import EncoderConfig
from segment import segmenter
from segment.stand_ins import OUTPUTS


def encoder_json(cfg: EncoderConfig, outputs: tuple[str, ...] = OUTPUTS) -> dict:
    """The `encoder` object of config.json."""
    return {
        'layers': cfg.layers, 'width': cfg.width, 'heads': cfg.heads, 'kvHeads': 1, 'headWidth': cfg.head_width,
        'ffnWidth': cfg.ffn_width, 'featureWidth': cfg.feature_width, 'framesPerToken': cfg.frames_per_token,
        'chunkTokens': cfg.chunk_tokens, 'windowTokens': cfg.window_tokens, 'delayTokens': cfg.delay_tokens,
        'alibiSlopes': cfg.slopes, 'outputs': list(outputs),
        'boundedSums': True,
        **({'causal': True} if cfg.causal else {}),
        **({'stemFrames': cfg.stem_frames} if cfg.stem_frames > cfg.frames_per_token else {}),
        **({'phases': cfg.phases} if cfg.phases > 1 else {}),
    }  # fmt: skip


def encoder_config(config: dict) -> EncoderConfig:
    """config.json -> EncoderConfig."""
    e = config['encoder']
    return EncoderConfig(
        layers=e['layers'], width=e['width'], heads=e['heads'], head_width=e['headWidth'], ffn_width=e['ffnWidth'],
        feature_width=e['featureWidth'], mel_bins=config['mel']['bins'], frames_per_token=e['framesPerToken'],
        chunk_tokens=e['chunkTokens'], window_tokens=e['windowTokens'], delay_tokens=e['delayTokens'],
        causal=e.get('causal', False), stem_frames=e.get('stemFrames', e['framesPerToken']), phases=e.get('phases', 1),
    )  # fmt: skip


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
