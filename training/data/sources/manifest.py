"""speech/manifest.jsonl: one recording a line, all corpora together, as data/shards.py and data/untimed.py read them."""

from __future__ import annotations

import json
from pathlib import Path


def recording(speech: Path, path: Path, corpus: str, lang: str, speaker: str, text: str, **more: object) -> dict:
    """A row: `id` is the file's name, `path` is from the folder speech/."""
    return {'id': path.stem, 'path': path.relative_to(speech).as_posix(), 'corpus': corpus, 'lang': lang, 'speaker': speaker, 'text': text, **more}


def add(speech: Path, corpus: str, rows: list[dict]) -> None:
    """Puts the rows of a corpus into the manifest in place of those that it had. Raises ValueError when there are none."""
    if not rows:
        raise ValueError(f'{corpus}: expected recordings under {speech / corpus}, found none')
    path = speech / 'manifest.jsonl'
    lines = path.read_text(encoding='utf-8').splitlines() if path.exists() else []
    others = [line for line in lines if json.loads(line)['corpus'] != corpus]
    part = speech / 'manifest.jsonl.part'
    part.write_text('\n'.join([*others, *(json.dumps(row, ensure_ascii=False) for row in rows)]) + '\n', encoding='utf-8')
    part.replace(path)


def recording_id(row: dict) -> str:
    """The id of a row: its own, else its path without the corpus's folder and the ending."""
    return row.get('id') or row['path'].split('/', 1)[1].rsplit('.', 1)[0].replace('/', '_')
