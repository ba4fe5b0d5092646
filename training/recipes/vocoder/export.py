"""`export`: a run of `train` → speak/ of a bundle (docs/bundle.md). The bundle's hash changes with it.

    python -m recipes.vocoder.export --run runs/vocoder --bundle ../models/small

Regression draws everything flat: the bands' deviations, measured on what was not trained on, are widened to those of speech. All voices get
one loudness. Weights are fp16.
--random --out FOLDER makes a fixture of seeded random weights instead.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto
from safetensors.numpy import save

from bundle.card import table, with_section
from bundle.manifest import read_about, write_manifest
from bundle.onnx_graph import Graph, model_of
from data.mel import SAMPLE_RATE
from data.places import RUNS
from recipes.vocoder.corpus import Corpus, load, neighbours
from recipes.vocoder.frames import APERIODICITY, BANDS, ENVELOPE, NOISE, WIDTH, mel
from recipes.vocoder.ladder import summary
from recipes.vocoder.model import BEFORE, LONGEST, SEEN, Vocoder, VocoderConfig
from recipes.vocoder.train import batch_of

WIDEN = 0.8  # of the way, as an exponent, from the network's deviation to that of speech
SHARPEN = 0.3
USUAL = 10.0  # tokens, of a unit that was never heard
PAUSE = 15.0  # tokens, of a pause that says no length
HEADING = '## Voices'
GOLDEN = 8  # units
LOUDNESS = 0.06  # root mean square of what is spoken, pauses left out
LAND = {
    'a': 'American', 'b': 'British', 'e': 'Spanish', 'f': 'French', 'h': 'Hindi', 'i': 'Italian', 'j': 'Japanese', 'p': 'Portuguese', 'z': 'Chinese',
}  # fmt: skip
KNOWN = {
    'kathleen': 'a woman, American English, recorded', 'flite rms': 'a man, American English, synthetic (flite)',
    'flite awb': 'a man, Scottish English, synthetic (flite)',
}  # fmt: skip


def voice_of(speaker: str) -> dict[str, str]:
    """A speaker of the shards as speak/config.json names it."""
    if speaker in KNOWN:
        return {'name': speaker.split()[-1], 'about': KNOWN[speaker]}
    land, sex = LAND.get(speaker[0], ''), {'f': 'a woman', 'm': 'a man'}.get(speaker[1:2], 'a voice')
    voice = 'English' if land in ('American', 'British') else 'voice, in English'
    return {'name': speaker.lower().replace('_', '-'), 'about': f'{sex}, {land} {voice}, synthetic (Kokoro)'}


def read_run(run: Path) -> tuple[Vocoder, dict]:
    """A run's network and what `train` wrote beside it."""
    state = torch.load(run / 'vocoder.pt', weights_only=True)
    model = Vocoder(VocoderConfig(**state['config']))
    model.load_state_dict(state['model'])
    return model.eval(), state


@torch.no_grad()
def widen(model: Vocoder, corpus: Corpus) -> np.ndarray:
    """Sets `scale` so that each band moves as far as in speech (nearly); returns the factors (60,)."""
    batch = batch_of(corpus.dev, corpus.header['merged'] + 1, None)
    voice, row = batch['voice'], batch['row']
    spoken = batch['unit'][row, BEFORE] != 0
    got = model(batch['unit'], batch['fine'], batch['length'], voice, row, batch['place'])[spoken][:, ENVELOPE]
    wanted = ((batch['frames'] - model.mean[voice[row]]) / model.scale[voice[row]])[spoken][:, ENVELOPE]
    factors = torch.clamp(wanted.std(0) / got.std(0), 1, 2.5) ** WIDEN
    model.scale[:, ENVELOPE] *= factors
    return factors.numpy()


def level(model: Vocoder, corpus: Corpus) -> None:
    """Moves `mean` so that every voice is as loud."""
    hz = np.linspace(0, SAMPLE_RATE / 2, 257)
    at = mel(hz) / mel(SAMPLE_RATE / 2) * (BANDS - 1)
    low = np.minimum(at.astype(int), BANDS - 2)
    share = at - low
    for v in range(len(corpus.voices)):
        some = [s for s in corpus.train + corpus.dev if s.voice == v][:20]
        bands = np.concatenate([s.frames[s.unit[s.row, BEFORE] != 0][:, ENVELOPE].astype(np.float32) for s in some])
        power = np.exp(bands[:, low] * (1 - share) + bands[:, low + 1] * share).mean()
        model.mean[v, ENVELOPE] += float(np.log(LOUDNESS**2 / power))


def usual_tokens(corpus: Corpus) -> list[float]:
    """Mean length of each unit in tokens, the pause's first: (M + 1,)."""
    ids = np.concatenate([s.unit[:, BEFORE] for s in corpus.train])
    lengths = np.concatenate([s.length[:, BEFORE] for s in corpus.train])
    count = np.bincount(ids, minlength=corpus.header['merged'] + 1)
    mean = np.bincount(ids, lengths, minlength=len(count)) / np.maximum(count, 1)
    mean[count == 0] = USUAL
    mean[0] = PAUSE
    return [round(float(x), 1) for x in mean]


@torch.no_grad()
def in_order(model: Vocoder, speakers: list[str]) -> list[str]:
    """Puts the voices of KNOWN first, in its order: the first voice is the default. Returns the speakers in the new order."""
    order = sorted(range(len(speakers)), key=lambda v: [*KNOWN, speakers[v]].index(speakers[v]))
    for rows in (model.voice.weight, model.mean, model.scale):
        rows.copy_(rows[order].clone())
    return [speakers[v] for v in order]


def finished(model: Vocoder, raw: torch.Tensor, voice: torch.Tensor) -> torch.Tensor:
    """The network's output as a frame's numbers."""
    out = raw * model.scale[voice] + model.mean[voice]
    pitch, voiced, envelope, noise = out[:, :1], torch.sigmoid(raw[:, 1:2]), out[:, ENVELOPE], out[:, APERIODICITY]
    return torch.cat([torch.clamp(pitch, *np.log([50, 500]).tolist()), voiced, envelope, torch.clamp(noise, 0, 1)], 1)


def build(model: Vocoder) -> onnx.ModelProto:
    """unit (4,), fine (4,) if it takes any, length (4,), voice (1,), place (N,) -> frames (N, 67)."""
    g = Graph({}, int8=False)

    def half(name: str, value: torch.Tensor) -> str:
        g.constants[f'{name}.half'] = value.detach().numpy().astype(np.float16)
        return g.op('Cast', f'{name}.half', to=TensorProto.FLOAT)

    def linear(x: str, name: str) -> str:
        layer = getattr(model, name)
        y = g.op('MatMul', x, half(f'{name}.weight', layer.weight.T))
        return y if layer.bias is None else g.op('Add', y, half(f'{name}.bias', layer.bias))

    def column(x: str) -> str:
        return g.op('Unsqueeze', x, g.ints(1))

    said = g.op('Min', 'length', g.const(LONGEST))
    said = g.op('Div', g.op('Log', g.op('Add', said, g.const(1))), g.const(3))
    seen = g.op('Gather', half('embed', model.embed.weight), 'unit')
    if model.cfg.fine:
        seen = g.op('Add', seen, g.op('Gather', half('fine.embed', model.fine.weight), 'fine'))
    seen = g.op('Reshape', seen, g.ints(1, -1))
    voice = g.op('Gather', half('voices', model.voice.weight), 'voice')
    x = g.op('Concat', seen, g.op('Unsqueeze', said, g.ints(0)), voice, axis=1)
    for name in ('first', 'second'):
        x = g.op('Relu', linear(x, name))
    whole = g.op('Mul', g.op('Gather', 'length', g.ints(BEFORE)), g.const(2))
    left, share = g.op('Sub', whole, 'place'), g.op('Div', 'place', whole)
    parts = [share, *(g.op('Min', g.op('Div', p, g.const(50)), g.const(2)) for p in ('place', left))]
    parts += [g.op('Exp', g.op('Div', p, g.const(-s))) for p in ('place', left) for s in (2.0, 5.0, 12.0)]
    parts += [g.op('Cos', g.op('Mul', share, g.const(np.pi * k))) for k in range(1, 7)]
    where = g.op('Concat', *map(column, parts), axis=1)
    z = g.op('Add', linear(where, 'place'), linear(x, 'shift'))
    z = g.op('Relu', g.op('Add', z, g.op('Mul', linear(where, 'spread'), linear(x, 'turn'))))
    for name in ('third', 'fourth'):
        z = g.op('Add', z, g.op('Relu', linear(z, name)))
    raw = linear(z, 'out')
    for name in ('scale', 'mean'):
        g.constants[name] = getattr(model, name).numpy().astype(np.float32)
    out = g.op('Add', g.op('Mul', raw, g.op('Gather', 'scale', 'voice')), g.op('Gather', 'mean', 'voice'))

    def cut(x: str, first: int, count: int) -> str:
        return g.op('Slice', x, g.ints(first), g.ints(first + count), g.ints(1))

    pitch = g.op('Clip', cut(out, 0, 1), g.const(np.log(50)), g.const(np.log(500)))
    noise = g.op('Clip', cut(out, 2 + BANDS, NOISE), g.const(0), g.const(1))
    g.op('Concat', pitch, g.op('Sigmoid', cut(raw, 1, 1)), cut(out, 2, BANDS), noise, axis=1, out='frames')
    inputs = {'unit': [SEEN], **({'fine': [SEEN]} if model.cfg.fine else {}), 'length': [SEEN], 'voice': [1], 'place': ['N']}
    return model_of(g, 'sylstream_speak', inputs, {'frames': ['N', WIDTH]}, integers=('unit', 'fine', 'voice'))


@torch.no_grad()
def golden_of(model: Vocoder, ids: list[int], fine: list[int], lengths: list[float]) -> dict[str, np.ndarray]:
    """Units in the first voice and their frames, by PyTorch."""
    unit, finer, length = map(torch.from_numpy, neighbours(ids, fine, lengths, model.cfg.vocabulary - 1))
    rows = torch.cat([torch.full((int(2 * n),), k) for k, n in enumerate(lengths)])
    place = torch.cat([torch.arange(int(2 * n)) for n in lengths]).float()
    voice = torch.zeros(len(ids), dtype=torch.int64)
    frames = finished(model, model(unit, finer, length, voice, rows, place), voice[rows])
    return {'units': np.array(ids, np.int32), 'fine': np.array(fine, np.int32), 'lengths': np.array(lengths, np.float32), 'frames': frames.numpy()}


def write_speak(folder: Path, model: Vocoder, config: dict, ids: list[int], fine: list[int], lengths: list[float]) -> None:
    """Every file of speak/; ids, finer numbers and lengths (tokens): the golden units."""
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(build(model), folder / 'frames.onnx')
    whole = {'formatVersion': 1, **config} | ({'fine': model.cfg.fine} if model.cfg.fine else {})
    (folder / 'config.json').write_text(json.dumps(whole, indent=2) + '\n')
    (folder / 'golden.safetensors').write_bytes(save(golden_of(model, ids, fine, lengths)))


def card(voices: list[dict[str, str]], hours: float, scores: dict) -> str:
    """The vocoder's part of the model card."""
    said = '; '.join(f'`{v["name"]}`, {v["about"]}' for v in voices)
    rows = [[corpus, rung, f'{row["percent"]:.1f}'] for corpus, rungs in scores.items() for rung, row in rungs.items()]
    heard = f'\nWord errors by Whisper-base, per cent (docs/speak.md):\n\n{table(["recordings", "what is heard", "errors"], rows)}' if rows else ''
    return f"""{HEADING}

Units become frames of a harmonic-plus-noise synthesis by regression on {hours:.1f} h of the speech above, at the rate natural,
from the unit's numbers (the finer one too, where it is known), length and neighbours alone. {len(voices)} voices: {said}.
{heard}"""


def write_random(folder: Path, codebook: str, merged: int, fine: int) -> None:
    """A small vocoder of two voices that nobody trained."""
    torch.manual_seed(0)
    model = Vocoder(VocoderConfig(merged + 2, 2, fine, embedding=4, voice=2, width=16))
    torch.nn.init.normal_(model.fine.weight[1:], std=0.3)
    model.mean[:, ENVELOPE] = -8
    model.mean[:, 0] = torch.tensor([np.log(110), np.log(200)])
    model.mean[:, APERIODICITY] = 0.3
    voices = [{'name': name, 'about': 'random weights'} for name in ('one', 'two')]
    usual = [PAUSE, *(8.0 + k for k in range(merged))]
    config = {'codebook': codebook, 'voices': voices, 'usualTokens': usual, 'sharpen': SHARPEN}
    write_speak(folder, model, config, [1, 2, 0, 1], [min(1, fine), 0, 0, fine], [6.0, 7.0, 5.0, 8.0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--run', type=Path, default=RUNS / 'vocoder')
    parser.add_argument('--bundle', type=Path, required=True)
    parser.add_argument('--version', help='of the bundle (default: as it was)')
    parser.add_argument('--limit', type=int, help='utterances of each corpus, as in `train`')
    parser.add_argument('--scores', type=Path, help='what `ladder --json` wrote')
    parser.add_argument('--random', action='store_true')
    parser.add_argument('--coarse', action='store_true', help='of --random: one that takes no finer numbers')
    parser.add_argument('--out', type=Path, help='of --random: the folder')
    args = parser.parse_args()
    codebook = hashlib.sha256((args.bundle / 'codebook.safetensors').read_bytes()).hexdigest()
    if args.random:
        units = json.loads((args.bundle / 'config.json').read_text())['units']
        write_random(args.out, codebook, units['merged'], 0 if args.coarse else units['centroids'])
        return
    model, state = read_run(args.run)
    corpus = load(args.run, args.limit)
    if state['codebook'] != codebook:
        raise SystemExit(f'{args.run}: expected a run on units of the codebook {codebook[:12]}, got {state["codebook"][:12]}')
    factors = widen(model, corpus)
    level(model, corpus)
    folder = args.bundle / 'speak'
    voices = [voice_of(s) for s in in_order(model, state['voices'])]
    config = {'codebook': codebook, 'voices': voices, 'usualTokens': usual_tokens(corpus), 'sharpen': SHARPEN}
    some = next(s for s in corpus.dev + corpus.train if len(s.unit) >= GOLDEN and (s.unit[1:GOLDEN, BEFORE] != 0).all())
    ids, fine = (rows[1:GOLDEN, BEFORE].tolist() for rows in (some.unit, some.fine))
    write_speak(folder, model, config, ids, fine, [round(float(x)) for x in some.length[1:GOLDEN, BEFORE]])
    about = read_about(args.bundle)
    scores = summary(json.loads(args.scores.read_text())) if args.scores else {}
    about['metrics'] |= {'speak': scores} if scores else {}
    hours = sum(len(s.row) for s in corpus.train) / 360_000
    readme = args.bundle / 'README.md'
    if args.version:
        readme.write_text(readme.read_text().replace(f'# {about["name"]} {about["version"]}', f'# {about["name"]} {args.version}', 1))
        about['version'] = args.version
    readme.write_text(with_section(readme.read_text(), card(voices, hours, scores), HEADING))
    write_manifest(args.bundle, about)
    size = sum(p.stat().st_size for p in folder.iterdir())
    print(f'{folder}: {size} bytes, {len(voices)} voices, bands widened by {factors.min():.2f} to {factors.max():.2f}')


if __name__ == '__main__':
    main()
