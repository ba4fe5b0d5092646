"""`voice`: the head that a bundle ships: does a man or a woman speak?

    python -m recipes.finetune.voice ../models/small --version 1.4.0

One command for any bundle, 5 minutes of a core: labelled recordings of ../shared -> log-mel (runs/clips/voice, once) -> the bundle's features, run
live -> windows pooled as the runtime pools them -> a linear head, its figures, and `head/`, manifest and model card of the bundle. It learns from
fp32 features, which are the same on every processor, and is measured on those of both precisions.

Labels are what the corpora say of their grown-up speakers: the gender in speechocean762 (18 years or older), the sex in the name of a Kokoro voice
(a mixture of two counts where both have the same one). Measured on the test speakers of `splits.json`, whom the encoder was not trained on either,
and on voices of other corpora, of which the evaluation pack is only ever measured. Nothing was chosen by those figures.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from bundle.card import with_section
from bundle.classifier import TOKEN_MS, export_head, speech_windows
from bundle.lockstep import live_outputs
from bundle.manifest import read_about, write_manifest
from data.places import RUNS, SHARED
from data.shards import write_shard
from data.splits import check_speaker, split_of
from recipes.finetune.clips import item
from recipes.finetune.train import learn_head
from recipes.finetune.voice_report import HEADING, card, measure

LABELS = ['man', 'woman']
SEX = {'f': 'woman', 'm': 'man'}
ADULT, CHILD = 18, 13  # years: grown up from the first on, a child below the second
NOT_SURE = ('zm_yunxia',)  # a Kokoro voice whose name says m, but which imitates a boy
FOLDS = 4
WINDOW_MS, HOP_MS, MIN_SPEECH_MS = 4000, 1000, 200
THIN = {('speechocean762', 'train'): 2, ('timed-speech', 'train'): 2, ('kathleen', 'test'): 40, ('kerstin', 'test'): 40}  # one of so many is enough
PACK = {  # the evaluation pack's voices
    'kal_diphone': 'man',
    'ked_diphone': 'man',
    'cmu_us_slt_arctic_hts': 'woman',
    'Allison Smith (human)': 'woman',
    'June Wallack (human)': 'woman',
}


def kokoro_label(voice: str) -> str | None:
    """'af_nova' or 'am_puck+zm_yunxi@0.6' -> what its name says; None where two voices differ or one is not sure."""
    parts = [part.split('@')[0] for part in voice.split('+')]
    if any(part in NOT_SURE for part in parts) or len({part[1] for part in parts}) > 1:
        return None
    return SEX[parts[0][1]]


def read_rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.open(encoding='utf-8')]


def voice_items(shared: Path) -> list[dict]:
    """The labelled recordings; `split` is train, dev (of nobody's concern here) or test. Of children those that are held out, labelled 'child'."""
    out = []
    for j in read_rows(shared / 'speech/manifest.jsonl'):
        uid, who, age = Path(j['path']).stem, j['speaker'], j.get('age', ADULT)
        split = split_of('speechocean762', uid, who, '') if j['corpus'] == 'speechocean762' else 'test'
        label = 'child' if age < CHILD else SEX[j['gender']] if age >= ADULT else None
        if label and (label != 'child' or split != 'train'):
            out.append(item(shared / 'speech' / j['path'], uid, label, who, split) | {'corpus': j['corpus']})
    for j in read_rows(shared / 'timed-speech/manifest.jsonl'):
        uid = Path(j['path']).stem
        split = 'train' if split_of('timed-speech', uid, j['voice'], '') == 'train' else 'test'
        if label := kokoro_label(j['voice']):
            out.append(item(shared / 'timed-speech' / j['path'], uid, label, j['voice'], split) | {'corpus': 'timed-speech'})
    for name in ('festival', 'asterisk-en', 'asterisk-fr'):
        path = shared / f'eval-pack/{name}.json'
        for j in json.loads(path.read_text()) if path.exists() else []:
            out.append(item(path.parent / j['file'], j['id'], PACK[j['voice']], j['voice'], 'test') | {'corpus': name})
    for j in out:
        if j['split'] == 'train':
            check_speaker(j['corpus'], j['speaker'])
    return [j for n, j in enumerate(out) if n % THIN.get((j['corpus'], j['split']), 1) == 0]


def pooled_windows(bundle: Path, shard: Path, rows: list[dict], which: list[int], precision: str) -> tuple[np.ndarray, np.ndarray]:
    """The windows of some recordings of a shard: pooled features (n, D), and the row that each belongs to (n,)."""
    mel, x, owner = np.load(shard / 'mel.npy', mmap_mode='r'), [], []
    some = [mel[rows[i]['first'] : rows[i]['first'] + rows[i]['frames']] for i in which]
    for k, out in live_outputs(bundle, some, precision):
        for vector in speech_windows(out, WINDOW_MS // TOKEN_MS, HOP_MS // TOKEN_MS, MIN_SPEECH_MS // TOKEN_MS)[1]:
            x.append(vector)
            owner.append(which[k])
    return np.stack(x), np.array(owner)


def taught(x: np.ndarray, owner: np.ndarray, rows: list[dict]) -> torch.nn.Sequential:
    """A head of windows (n, D) of the rows `owner`."""
    return learn_head(torch.from_numpy(x), torch.tensor([LABELS.index(rows[i]['label']) for i in owner]), len(LABELS), 0, 0)


def said_of(head: torch.nn.Sequential, x: np.ndarray) -> np.ndarray:
    """(n, D) -> (n, labels) probabilities."""
    with torch.no_grad():
        return head(torch.from_numpy(x)).softmax(1).numpy()


def crossed(x: np.ndarray, owner: np.ndarray, rows: list[dict]) -> dict:
    """What heads that never heard them say of the training speakers of speechocean762: in FOLDS parts, each by a head of the rest."""
    speakers = sorted({j['speaker'] for j in rows if j['corpus'] == 'speechocean762' and j['split'] == 'train'})
    part = np.array([speakers.index(rows[i]['speaker']) % FOLDS if rows[i]['speaker'] in speakers else -1 for i in owner])
    said = np.zeros((len(x), len(LABELS)), np.float32)
    for fold in range(FOLDS):
        said[part == fold] = said_of(taught(x[part != fold], owner[part != fold], rows), x[part == fold])
    figures = measure(LABELS, rows, owner[part >= 0], said[part >= 0])
    return {'speakers': len(speakers), **figures['recordings']}


def put_into(bundle: Path, metrics: dict, version: str | None) -> None:
    """Manifest and card of a bundle whose head/ was made anew."""
    about = read_about(bundle)
    about['metrics'] |= {'head': metrics}
    about |= {'version': version} if version else {}
    readme = bundle / 'README.md'
    text = with_section(readme.read_text(), card(LABELS, WINDOW_MS, metrics), HEADING)
    readme.write_text(f'# {about["name"]} {about["version"]}\n' + text.split('\n', 1)[1])
    write_manifest(bundle, about)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('bundle', type=Path)
    parser.add_argument('--version', help='of the bundle from now on')
    parser.add_argument('--runs', type=Path, default=RUNS)
    parser.add_argument('--shared', type=Path, default=SHARED)
    parser.add_argument('--limit', type=int, help='a trial: one recording in so many')
    args = parser.parse_args()
    torch.set_num_threads(1)
    shard = args.runs / 'clips/voice'
    if not (shard / 'utterances.jsonl').exists():
        write_shard(shard, voice_items(args.shared)[:: args.limit or 1])
    rows = read_rows(shard / 'utterances.jsonl')
    train = [i for i, j in enumerate(rows) if j['split'] == 'train']
    x, owner = pooled_windows(args.bundle, shard, rows, train, 'fp32')
    head = taught(x, owner, rows)
    hours = round(sum(rows[i]['frames'] for i in train) / 360_000, 2)
    metrics = {'train': {'recordings': len(train), 'speakers': len({rows[i]['speaker'] for i in train}), 'hours': hours}}
    metrics['crossed'] = crossed(x, owner, rows)
    for precision in ('int8', 'fp32'):
        x, owner = pooled_windows(args.bundle, shard, rows, [i for i, j in enumerate(rows) if j['split'] == 'test'], precision)
        metrics[precision] = measure(LABELS, rows, owner, said_of(head, x))
    export_head(args.bundle / 'head', head, LABELS, args.bundle, WINDOW_MS, HOP_MS, metrics, name='voice', min_speech_ms=MIN_SPEECH_MS)
    put_into(args.bundle, metrics, args.version)
    print(card(LABELS, WINDOW_MS, metrics))


if __name__ == '__main__':
    main()
