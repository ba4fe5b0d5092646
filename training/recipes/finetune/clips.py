"""`clips`: labelled recordings -> log-mel shards for `finetune`.

    python -m recipes.finetune.clips --folder ~/commands                       a subfolder is a class; or a manifest.jsonl with `path` and `label`
    python -m recipes.finetune.clips --folder DIR --label speaker --split-by recording
    python -m recipes.finetune.clips --task age speaker                        two tasks on ../shared/speech, ready made

A shard (runs/clips/NAME) is that of data/shards.py with `label` and `split` (train or test) in every row. Which a recording belongs to: the
manifest's own
`split` if it has one; else a quarter is for testing, chosen by speaker where the manifest names one and the task is not the speaker (nobody is in
both), by recording otherwise.

Tasks: `age` says who speaks in four classes (woman, man, girl, boy: under 13), tested on the speakers that `splits.json` holds out, so the
pre-training never heard them; `speaker` tells the other 180 speakers apart, tested on every fourth of their recordings.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from data.places import RUNS, SHARED
from data.shards import AUDIO, write_shard
from data.splits import check_speaker, split_of

CHILD = 13  # years


@dataclass
class Clip:
    """One labelled recording."""

    mel: np.ndarray  # (F, 128) float16, a view of the shard's memory map
    label: str
    uid: str


def load_clips(folder: Path, split: str) -> list[Clip]:
    """The clips of one split of a shard. Raises FileNotFoundError when it is not there."""
    path = folder / 'utterances.jsonl'
    if not path.exists():
        raise FileNotFoundError(f'{path}: expected a shard of recipes/finetune/clips.py; run it first')
    mel = np.load(folder / 'mel.npy', mmap_mode='r')
    rows = [json.loads(line) for line in path.open(encoding='utf-8')]
    return [Clip(mel[j['first'] : j['first'] + j['frames']], j['label'], j['id']) for j in rows if j['split'] == split]


def chosen(key: str, share: float = 0.25) -> bool:
    """Whether a key falls into a share of all keys: the same on every machine."""
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) < share * 2**32


def item(path: Path, uid: str, label: str, speaker: str, split: str) -> dict:
    return {'id': uid, 'corpus': 'clips', 'speaker': speaker, 'split': split, 'path': str(path), 'label': label}


def folder_items(folder: Path, label: str, by: str) -> list[dict]:
    """The recordings of --folder."""
    manifest, out = folder / 'manifest.jsonl', []
    if not manifest.exists():
        files = [p for p in sorted(folder.rglob('*')) if p.suffix.lower() in AUDIO]
        rows = [{'path': str(p.relative_to(folder)), 'label': p.relative_to(folder).parts[0]} for p in files if p.parent != folder]
    else:
        rows = [json.loads(line) for line in manifest.open(encoding='utf-8')]
    for n, j in enumerate(rows, 1):
        for column in ('path', label):
            if column not in j:
                raise SystemExit(f'{manifest} line {n}: expected the column "{column}", got {", ".join(j)}')
        uid = str(Path(j['path']).with_suffix('')).replace('/', '_')
        speaker = str(j.get('speaker', ''))
        check_speaker(folder.name, speaker)
        key = speaker if by == 'speaker' and speaker and label != 'speaker' else uid
        out.append(item(folder / j['path'], uid, str(j[label]), speaker, j.get('split') or ('test' if chosen(key) else 'train')))
    return out


def task_items(name: str, shared: Path) -> list[dict]:
    """One of the ready-made tasks."""
    rows = [json.loads(line) for line in (shared / 'speech/manifest.jsonl').open(encoding='utf-8')]
    out, count = [], {}
    for j in rows:
        if j['corpus'] != 'speechocean762':
            continue
        uid, who = Path(j['path']).stem, j['speaker']
        held = split_of('speechocean762', uid, who, '') != 'train'
        if name == 'age':
            label = {'f': ('woman', 'girl'), 'm': ('man', 'boy')}[j['gender']][j['age'] < CHILD]
            out.append(item(shared / 'speech' / j['path'], uid, label, who, 'test' if held else 'train'))
        elif not held:
            count[who] = count.get(who, -1) + 1
            out.append(item(shared / 'speech' / j['path'], uid, who, who, 'test' if count[who] % 4 == 3 else 'train'))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=Path, default=RUNS)
    parser.add_argument('--shared', type=Path, default=SHARED)
    parser.add_argument('--task', nargs='*', choices=('age', 'speaker'), default=[])
    parser.add_argument('--folder', type=Path)
    parser.add_argument('--name', help='of the shard (default: of the folder)')
    parser.add_argument('--label', default='label', help='column of the manifest')
    parser.add_argument('--split-by', choices=('speaker', 'recording'), default='speaker')
    args = parser.parse_args()
    torch.set_num_threads(1)
    tasks = {name: task_items(name, args.shared) for name in args.task}
    if args.folder:
        tasks[args.name or args.folder.name] = folder_items(args.folder, args.label, args.split_by)
    for name, items in tasks.items():
        classes = sorted({i['label'] for i in items})
        tested = [i['label'] for i in items if i['split'] == 'test']
        if len(classes) < 2 or not tested or len(tested) == len(items):
            raise SystemExit(f'{name}: expected two classes or more with clips to train and to test on, got {len(classes)} and {len(tested)} tests')
        write_shard(args.runs / 'clips' / name, items)


if __name__ == '__main__':
    main()
