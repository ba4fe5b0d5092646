"""What is said in the recordings of Debian's packages: rows (id, path, text)."""

from __future__ import annotations

import re
import struct
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from data.sources.games import queen_entries

Row = tuple[str, Path, str]


def dog_strings(data: bytes, at: int, count: int) -> Iterator[tuple[int, str]]:
    """Numbered strings of a dialogue file: 2 bytes, id (2), length (1), text, then padded to a multiple of 4."""
    for _ in range(count):
        if at + 5 > len(data):
            return
        (number,) = struct.unpack('>H', data[at + 2 : at + 4])
        length, at = data[at + 4], at + 5
        if length:
            text = data[at : at + length].decode('latin1')
            at = (at + length + 3) & ~3
            yield number, text


def spoken_pieces(text: str) -> list[tuple[int, str]]:
    """The stretches between '*xx' marks and their numbers; every mark ends a piece, empty ones count."""
    parts = [re.sub(r'\s+', ' ', part).strip() for part in re.split(r'\*(?:XY..\([^)]*\)|..)', text)]
    return [(number, part) for number, part in enumerate(parts, 1) if part]


def queen(game: Path, sounds: Path) -> list[Row]:
    """The dialogue of Flight of the Amazon Queen. A piece's sound is named TALKKEY ID(hex) J or P PIECE; sounds: what games.queen wrote."""
    have = {path.stem.upper(): path for path in sounds.iterdir()}
    rows: dict[str, Row] = {}
    for name, data in queen_entries(game.read_bytes()):
        if not name.endswith('.DOG'):
            continue
        data = data[20:]
        level, _, key, most_joe, most_person = struct.unpack('>hhhhh', data[:10])
        (person,) = struct.unpack('>H', data[22:24])
        for who, at, most in (('J', 32 + abs(level) * 96, most_joe), ('P', person, most_person)):
            for number, text in dog_strings(data, at, most):
                for piece, said in spoken_pieces(text):
                    uid = f'{key:2d}{number:4X}{who}{piece:X}'.replace(' ', '0')
                    if uid in have:
                        rows.setdefault(uid, (uid, have[uid], said))
    return list(rows.values())


def fillets(scripts: Path, sounds: Path, lang: str) -> list[Row]:
    """Fish Fillets NG: scripts/LEVEL/dialogs_LANG.lua and sounds/LEVEL/LANG/ID.ogg."""
    texts = {}
    for path in sorted(scripts.glob(f'*/dialogs_{lang}.lua')):
        current = None
        for line in path.read_text(encoding='utf-8', errors='replace').splitlines():
            if found := re.match(r'\s*dialogId\("([^"]+)"', line):
                current = found[1]
            if (found := re.match(r'\s*dialogStr\("((?:[^"\\]|\\.)*)"', line)) and current:
                texts[path.parent.name, current] = found[1].replace('\\"', '"')
                current = None
    files = [(path.parents[1].name, path) for path in sorted(sounds.glob(f'*/{lang}/*.ogg'))]
    return [(f'{level}__{path.stem}', path, texts[level, path.stem]) for level, path in files if (level, path.stem) in texts]


def tuxpaint(stamps: Path) -> dict[str, list[Row]]:
    """Tux Paint's stamps by language: NAME.txt has the English text first, then xx.utf8=TEXT; NAME_desc_xx.ogg is it spoken."""
    out: dict[str, list[Row]] = defaultdict(list)
    for sound in sorted(stamps.rglob('*_desc*.ogg')):
        found = re.fullmatch(r'(.*)_desc(?:_([a-zA-Z_]+))?', sound.stem)
        source = sound.with_name(f'{found[1]}.txt') if found else None
        if source is None or not source.exists():
            continue
        first, *rest = source.read_text(encoding='utf-8', errors='replace').splitlines() or ['']
        pairs = (re.match(r'([a-zA-Z_@]+)\.utf8=(.*)', line.strip()) for line in rest)
        texts = {'en': first.strip()} | {pair[1]: pair[2] for pair in pairs if pair}
        lang = found[2] or 'en'
        if texts.get(lang):
            out[lang].append((str(sound.relative_to(stamps).with_suffix('')).replace('/', '__'), sound, texts[lang]))
    return out
