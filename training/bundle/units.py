"""`units`: a folder of speech → the units that users get of it, by the project's own command line. Resumable.

    python -m bundle.units runs/lm/speech/train                     reads manifest.jsonl (or every audio file), writes units.jsonl beside it

Runs `sylstream tokenize` (the bundle's int8 form, live, rate natural) over batches of files, so the units are those of the command line
by construction; what is no WAV is decoded here, because one ffmpeg a recording costs more than its units. The first line of the output
names the codebook, the step model and the rate; a file of another bundle is refused. Then one recording a line: path, units
[[id, start, end, fine], ...] in samples at 16 kHz, a pause's id and fine 0; or path and error.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import soundfile

from data.mel import SAMPLE_RATE, AudioError, read_audio
from data.places import PROJECT
from data.splits import plain

AUDIO = {'.wav', '.flac', '.ogg', '.opus', '.mp3'}
SHARED = 6  # words in a row that make two texts one
PROGRAM = PROJECT / 'bin/sylstream.js'


def header_of(bundle: Path) -> dict:
    """What the units of a bundle depend on."""
    config = json.loads((bundle / 'config.json').read_text())
    rate = next(r for r in config['boundaries']['rates'] if r['name'] == 'natural')
    sha = {name: hashlib.sha256((bundle / name).read_bytes()).hexdigest() for name in ('codebook.safetensors', 'onnx/step_int8.onnx')}
    return {
        'codebook': sha['codebook.safetensors'], 'step': sha['onnx/step_int8.onnx'], 'rate': 'natural', 'w': rate['w'], 'lambda': rate['lambda'],
        'shiftSamples': config['boundaries']['shiftSamples'], 'merged': config['units']['merged'], 'centroids': config['units']['centroids'],
    }  # fmt: skip


def runs_of(text: str) -> set[tuple[str, ...]]:
    """All runs of SHARED words of a text."""
    words = plain(text).split()
    return {tuple(words[i : i + SHARED]) for i in range(len(words) - SHARED + 1)}


def files_of(folder: Path, unseen: Path | None = None) -> list[str]:
    """Paths in a folder, of its manifest.jsonl if it has one; without those that share a run of words with a held-out document of `unseen`."""
    manifest = folder / 'manifest.jsonl'
    if manifest.exists():
        rows = list(map(json.loads, manifest.open(encoding='utf-8')))
        documents = map(json.loads, unseen.open(encoding='utf-8')) if unseen else []
        held_out = {r for d in documents if d['split'] != 'train' for s in d['sentences'] for r in runs_of(s)}
        return [j['path'] for j in rows if not held_out & runs_of(j.get('text', ''))]
    return sorted(str(p.relative_to(folder)) for p in folder.rglob('*') if p.suffix.lower() in AUDIO)


def tokenize(files: list[Path], bundle: Path) -> Iterator[list | str]:
    """Units of each file, or why there are none."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        links = [folder / f'{n:06d}.wav' for n in range(len(files))]
        for link, file in zip(links, files, strict=True):
            try:
                link.symlink_to(file.resolve()) if file.suffix == '.wav' else soundfile.write(link, read_audio(file), SAMPLE_RATE, subtype='PCM_16')
            except AudioError:
                link.symlink_to(file.resolve())  # the command line says what is wrong with it
        command = ['node', PROGRAM, 'tokenize', '--bundle', bundle, '--no-progress', '--parallel', '16', '--output', f'{folder / "units"}/', *links]
        said = subprocess.run(command, capture_output=True, text=True)
        for link in links:
            path = folder / f'units/{link.stem}.jsonl'
            wrong = [line for line in said.stderr.splitlines() if link.name in line]
            if wrong:
                yield wrong[0].replace(f'{folder}/', '')
            elif not path.exists():  # no recording is to blame
                raise SystemExit(f'sylstream tokenize stopped: {said.stderr.strip() or f"exit code {said.returncode}"}')
            else:
                yield [[0 if j.get('pause') else j['id'], j['start'], j['end'], j.get('fine', 0)] for j in map(json.loads, path.open())]


def units_of_folder(
    folder: Path, bundle: Path, out: Path, limit: int | None = None, unseen: Path | None = None, only: str = '', batch: int = 256
) -> None:
    """Appends to `out` what it does not hold yet."""
    header, started = header_of(bundle), time.time()
    if out.exists():
        first, *rows = map(json.loads, out.open(encoding='utf-8'))
        if first != header:
            raise SystemExit(f'{out}: expected units of {header}, got {first}; use another --out for another bundle')
        done = {j['path'] for j in rows}
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(header) + '\n')
        done = set()
    todo = [path for path in files_of(folder, unseen)[:limit] if path not in done and re.match(only, path)]
    with out.open('a', encoding='utf-8') as file:
        for at in range(0, len(todo), batch):
            part = todo[at : at + batch]
            for path, got in zip(part, tokenize([folder / p for p in part], bundle), strict=True):
                file.write(json.dumps({'path': path, 'error' if isinstance(got, str) else 'units': got}) + '\n')
            file.flush()
            print(f'{out}: {len(done) + at + len(part)} of {len(done) + len(todo)}, {time.time() - started:.0f} s', flush=True)


def read_units(path: Path) -> tuple[dict, dict[str, list]]:
    """The header and path → units of a file that `units` wrote; recordings that failed are left out."""
    header, *rows = map(json.loads, path.open(encoding='utf-8'))
    return header, {j['path']: j['units'] for j in rows if 'units' in j}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path)
    parser.add_argument('--bundle', type=Path, default=PROJECT / 'models/small')
    parser.add_argument('--out', type=Path, help='default: FOLDER/units.jsonl')
    parser.add_argument('--unseen', type=Path, help='texts.jsonl: leave out readings of its held-out documents')
    parser.add_argument('--limit', type=int, help='at most so many recordings')
    parser.add_argument('--only', default='', help='a pattern that paths begin with: several processes may share a folder, each with its own --out')
    args = parser.parse_args()
    units_of_folder(args.folder, args.bundle, args.out or args.folder / 'units.jsonl', args.limit, args.unseen, args.only)


if __name__ == '__main__':
    main()
