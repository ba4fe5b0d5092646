"""Who trains and who is only measured: splits.json, and the voices that never train."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

# Every voice of the evaluation pack, under any synthesiser: Asterisk's speakers, Festival's and flite's kal, ked and slt; and Piper's joe, of the
# language model's tests.
NEVER = re.compile(r'allison|asterisk|june wallack|carlo flora|(?<![a-z])(kal|kallpc|ked|kdlpc|slt|joe)(?![a-z])', re.I)


class SplitError(Exception):
    """A recording that must not train."""


@cache
def named() -> dict:
    """splits.json: corpus -> {'by': 'speaker' | 'prompt' | 'voice', 'dev': [...], 'test': [...]}, and 'texts' held out everywhere."""
    return json.loads((Path(__file__).parent / 'splits.json').read_text())


def plain(text: str) -> str:
    """A text without case, punctuation and spacing, to compare sentences."""
    return ' '.join(re.findall(r"[a-z0-9']+", text.lower()))


def check_speaker(corpus: str, speaker: str) -> None:
    """Raises SplitError when a voice of the evaluation pack is about to be read for training."""
    if NEVER.search(f'{corpus} {speaker}'):
        raise SplitError(f'{corpus}: speaker {speaker!r} belongs to the evaluation pack and must never train')


def voices_of(speaker: str) -> set[str]:
    """The synthetic voices of a speaker: a mixture 'a+b@0.5' is both of its voices, and 'a changed 7' is still a."""
    return {re.split('[@ ]', part)[0] for part in speaker.split('+')}


def split_of(corpus: str, uid: str, speaker: str, text: str) -> str:
    """'train', 'dev' or 'test' of one utterance; held-out sentences leave every voice, held-out voices every corpus (split 'unused')."""
    rule = named().get(corpus)
    if rule:
        if rule['by'] == 'prompt':
            keys = {re.search(r'arctic_[ab]\d{4}', uid).group(0)}
        elif rule['by'] == 'voice':
            keys = voices_of(speaker)
        else:
            keys = {speaker}
        for split in ('dev', 'test'):
            if keys & set(rule[split]):
                return split
    held = {voice for r in named().values() if isinstance(r, dict) and r['by'] == 'voice' for voice in r['dev'] + r['test']}
    return 'unused' if plain(text) in named()['texts'] or voices_of(speaker) & held else 'train'


def relabel(shard: Path) -> int:
    """Gives the rows of a finished shard the split that they have now, and says how many had another: splits.json is younger than some shards."""
    rows = [json.loads(line) for line in (shard / 'utterances.jsonl').open(encoding='utf-8')]
    now = [split_of(j['corpus'], j['id'], j['speaker'], j['text']) for j in rows]
    moved = sum(j['split'] != split for j, split in zip(rows, now, strict=True))
    if moved:
        part = shard / 'utterances.jsonl.part'
        part.write_text(''.join(json.dumps(j | {'split': split}, ensure_ascii=False) + '\n' for j, split in zip(rows, now, strict=True)))
        part.replace(shard / 'utterances.jsonl')
    return moved
