"""`texts`: running text to speak and to simulate, from Debian's packages, as documents of sentences, split for good by document.

    python -m data.texts --out runs/lm/texts.jsonl
    python -m data.texts --folder DIR --out FILE          every .txt of a folder is a document

Writes one document a line: id, source, split ('train', 'dev' or 'test'), sentences. Kept are sentences of 3 to 40 plain words
without digits or symbols, each only at its first place. Needs the packages bible-kjv, jargon-text, anarchism and fortunes.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from data.places import RUNS
from data.splits import plain

SHARES = {'dev': 5, 'test': 10}  # percent of the documents
ODD = re.compile(r'[^A-Za-z ,.;:?!\'"()-]|[A-Z]{3}|\b[A-Za-z]\.|\.\w|--+\S*--')


def bible() -> Iterator[tuple[str, str]]:
    """King James Version, a chapter a document, a verse a line (public domain)."""
    lines = subprocess.run(['bible', '-f', 'gen1:1-rev22:21'], capture_output=True, text=True, check=True).stdout
    chapters: dict[str, list[str]] = {}
    for line in lines.splitlines():
        place, text = line.split(' ', 1)
        chapters.setdefault(place.split(':')[0], []).append(text.replace('LORD', 'Lord'))
    for chapter, verses in chapters.items():
        yield chapter, '\n\n'.join(verses)


def jargon() -> Iterator[tuple[str, str]]:
    """The Jargon File (public domain): forty paragraphs a document."""
    parts = gzip.open('/usr/share/doc/jargon-text/jargon.txt.gz', 'rt', errors='replace').read().split('\n\n')
    for at in range(0, len(parts), 40):
        yield str(at), '\n\n'.join(parts[at : at + 40])


def anarchism() -> Iterator[tuple[str, str]]:
    """An Anarchist FAQ (GFDL or GPL): a heading's text a document."""
    for path in sorted(Path('/usr/share/doc/anarchism/markdown').glob('*.md.gz')):
        text = re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', gzip.open(path, 'rt', errors='replace').read())
        text = re.sub(r'\[[^\]]*\]|[_*]', '', text)
        for n, part in enumerate(re.split(r'\n#+ ', text)):
            yield f'{path.name.split(".")[0]}-{n}', part


def fortunes() -> Iterator[tuple[str, str]]:
    """Fortune cookies (mixed rights): one a document."""
    for path in sorted(Path('/usr/share/games/fortunes').iterdir()):
        if '.' not in path.name and path.is_file():
            for n, part in enumerate(path.read_text(errors='replace').split('\n%\n')):
                yield f'{path.name}-{n}', re.sub(r'\n\s*--.*', '', part, flags=re.S)


SOURCES = {'bible': bible, 'anarchism': anarchism, 'jargon': jargon, 'fortunes': fortunes}


def folder_of(folder: Path):
    def read() -> Iterator[tuple[str, str]]:
        for path in sorted(folder.rglob('*.txt')):
            yield path.relative_to(folder).as_posix(), path.read_text(errors='replace')

    return read


def sentences(text: str) -> Iterator[str]:
    """The plain sentences of a text; a blank line always ends one."""
    for paragraph in re.split(r'\n\s*\n', text):
        for part in re.split(r'(?<=[.?!])["\')]*\s+(?=["\'(]*[A-Z])', ' '.join(paragraph.split())):
            part = re.sub(r'["()]|\s-+\s|--+', ' ', part.replace(" '", ' ').replace("' ", ' ')).strip(" '-")
            part = re.sub(r'\s+', ' ', re.sub(r'\s+([,.;:?!])', r'\1', part))
            if 3 <= len(part.split()) <= 40 and part[0].isupper() and part[-1] in '.?!,;:' and not ODD.search(part):
                yield part


def split_of(key: str) -> str:
    """By a hash of the document's name, so that more documents change nobody's split."""
    place = int(hashlib.sha256(key.encode()).hexdigest(), 16) % 100
    return 'dev' if place < SHARES['dev'] else 'test' if place < SHARES['dev'] + SHARES['test'] else 'train'


def documents(sources: dict) -> Iterator[dict]:
    """Every document; a sentence that another split has too stays where it was first, a held-out split before training."""
    found = [
        {'id': f'{s}/{k}', 'source': s, 'split': split_of(f'{s}/{k}'), 'sentences': list(sentences(t))}
        for s, read in sources.items()
        for k, t in read()
    ]
    seen: set[str] = set()
    for split in ('test', 'dev', 'train'):
        for document in (d for d in found if d['split'] == split):
            kept = []
            for sentence in document['sentences']:
                if (key := plain(sentence)) not in seen:
                    seen.add(key)
                    kept.append(sentence)
            if kept:
                yield document | {'sentences': kept}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, default=RUNS / 'lm/texts.jsonl')
    parser.add_argument('--sources', nargs='+', choices=list(SOURCES), default=list(SOURCES))
    parser.add_argument('--folder', type=Path)
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    words: dict[tuple[str, str], int] = {}
    with args.out.open('w', encoding='utf-8') as out:
        for document in documents({args.folder.name: folder_of(args.folder)} if args.folder else {s: SOURCES[s] for s in args.sources}):
            out.write(json.dumps(document) + '\n')
            key = (document['source'], document['split'])
            words[key] = words.get(key, 0) + sum(len(s.split()) for s in document['sentences'])
    for (source, split), count in sorted(words.items()):
        print(f'{source} {split}: {count} words')


if __name__ == '__main__':
    main()
