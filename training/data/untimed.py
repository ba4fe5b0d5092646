"""`untimed`: recordings of people -> log-mel shards without a time or a label: all that `pretrain`, `losspred` and a label-free `sylboost` read.

    python -m data.untimed                                   ../shared/speech, and what data/sources/debian.py left in runs/human
    python -m data.untimed --folder ~/recordings --name mine any folder of audio, or of audio and a manifest.jsonl

Shards are those of data/shards.py (mel.npy, utterances.jsonl) with empty times, in runs/audio. No synthetic voice is among the sources. Speakers and
sentences that `splits.json` holds out stay out (split dev or test), and the evaluation pack's voices are refused.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import torch

from data.batches import Utterance, load_shards
from data.places import RUNS, SHARED
from data.shards import AUDIO, utterance, write_missing
from data.sources.manifest import recording_id

SPOKEN = ('kathleen', 'kerstin', 'speechocean762')  # corpora of ../shared/speech


def audio_shards(folder: Path, names: list[str] | None, split: str) -> list[Utterance]:
    """The recordings of one split. Raises FileNotFoundError when there are no shards at all, or not the named ones."""
    if not any(folder.glob('*/utterances.jsonl')):
        raise FileNotFoundError(f'{folder}: expected shards of data/untimed.py; run it first')
    return load_shards(folder, names, split, timed=False)


def untimed(uid: str, corpus: str, speaker: str, path: Path, text: str = '') -> dict:
    return utterance(uid, corpus, speaker, path, text, [], [], [])


def read_speech(shared: Path, corpus: str) -> Iterator[dict]:
    """One corpus of ../shared/speech; the texts serve only to keep held-out sentences out."""
    manifest = shared / 'speech/manifest.jsonl'
    if not manifest.exists():
        return
    for j in map(json.loads, manifest.open(encoding='utf-8')):
        if j['corpus'] == corpus:
            yield untimed(recording_id(j), corpus, j['speaker'], shared / 'speech' / j['path'], j['text'])


def read_items(folder: Path) -> Iterator[dict]:
    """One folder that data/sources/debian.py wrote: items.tsv with id and path. Who speaks is not known: the folder counts as one speaker."""
    for line in (folder / 'items.tsv').open(encoding='utf-8'):
        uid, path = line.rstrip('\n').split('\t')[:2]
        yield untimed(uid, folder.name, folder.name, folder / Path(path).name)


def read_folder(folder: Path, name: str) -> Iterator[dict]:
    """Any folder: its manifest.jsonl (`path`, if known `speaker` and `text`), or every audio file, a subfolder being a speaker."""
    manifest = folder / 'manifest.jsonl'
    if manifest.exists():
        rows = [json.loads(line) for line in manifest.open(encoding='utf-8')]
    else:
        rows = [{'path': str(p.relative_to(folder))} for p in sorted(folder.rglob('*')) if p.suffix.lower() in AUDIO]
    for n, j in enumerate(rows, 1):
        if 'path' not in j:
            raise SystemExit(f'{manifest} line {n}: expected the column "path", got {", ".join(j)}')
        uid = str(Path(j['path']).with_suffix('')).replace('/', '_')
        yield untimed(uid, name, j.get('speaker', str(Path(j['path']).parent)), folder / j['path'], j.get('text', ''))


def sources(args: argparse.Namespace) -> dict[str, Iterator[dict]]:
    """Name of a shard -> its recordings."""
    if args.folder:
        return {args.name: read_folder(args.folder, args.name)}
    found = {name: read_speech(args.shared, name) for name in SPOKEN}
    found |= {p.parent.name: read_items(p.parent) for p in sorted((args.runs / 'human/corpora').glob('*/items.tsv'))}
    unknown = set(args.corpora or []) - set(found)
    if unknown:
        raise SystemExit(f'--corpora: expected some of {", ".join(found)}, got {", ".join(sorted(unknown))}')
    return {name: rows for name, rows in found.items() if not args.corpora or name in args.corpora}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=Path, default=RUNS)
    parser.add_argument('--shared', type=Path, default=SHARED, help='the folder with speech/')
    parser.add_argument('--corpora', nargs='*', help='only these (default: all that are there)')
    parser.add_argument('--folder', type=Path)
    parser.add_argument('--name', default='folder', help='what to call --folder')
    parser.add_argument('--limit', type=int, help='at most so many recordings of each')
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name, rows in sources(args).items():
        write_missing(args.runs / 'audio' / name, rows, args.limit)


if __name__ == '__main__':
    main()
