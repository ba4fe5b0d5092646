"""`debian`: recorded speech of people that packages of Debian bring, as 16 kHz waves with their texts where there are some.

    python -m data.sources.debian queen                 3 h of acted English dialogue, with texts: a minute
    python -m data.sources.debian                       all: 14 h in eleven languages, without Asterisk's, whose speakers belong to the evaluation

Packages are fetched by apt-get download (needs its lists, no root). Writes RUNS/human/corpora/NAME/ID.wav and items.tsv (id, path, text, seconds).
Licences are the packages' (`/usr/share/doc/PACKAGE/copyright`): the games' are free to distribute and modify, not to be sold alone; Fish Fillets and
Tux Paint are GPL-2.
"""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import soundfile
import soxr

from data.mel import SAMPLE_RATE
from data.places import RUNS
from data.sources import games, transcripts
from data.sources.transcripts import Row

LEAST_SECONDS = 0.05
LOUDEST = 0.98


def unpack(package: str, human: Path) -> Path:
    """Fetches and unpacks a package, unless it is there."""
    debs, folder = human / 'deb', human / 'x' / package
    debs.mkdir(parents=True, exist_ok=True)
    if not list(debs.glob(f'{package}_*.deb')):
        subprocess.run(['apt-get', 'download', '-qq', package], cwd=debs, check=True)
    if not folder.exists():
        folder.mkdir(parents=True)
        subprocess.run(['dpkg', '-x', str(next(debs.glob(f'{package}_*.deb'))), str(folder)], check=True)
    return folder


def as_16k(rows: Iterable[Row], out: Path) -> None:
    """Decodes any sound that libsndfile knows: mono, without a constant part, 16 kHz; items.tsv last."""
    out.mkdir(parents=True, exist_ok=True)
    lines = []
    for uid, path, text in rows:
        try:
            x, rate = soundfile.read(path, dtype='float32', always_2d=True)
        except (soundfile.LibsndfileError, OSError):
            continue
        if len(x) < LEAST_SECONDS * rate:
            continue
        x = x.mean(1)
        x = soxr.resample(x - x.mean(), rate, SAMPLE_RATE)
        x *= min(1.0, LOUDEST / max(1e-9, float(np.abs(x).max())))
        soundfile.write(out / f'{uid}.wav', x, SAMPLE_RATE, subtype='PCM_16')
        lines.append(f'{uid}\t{out / uid}.wav\t{text}\t{len(x) / SAMPLE_RATE:.3f}\n')
    (out / 'items.tsv').write_text(''.join(lines), encoding='utf-8')
    print(f'{out.name}: {len(lines)} recordings', flush=True)


def untold(folder: Path) -> list[Row]:
    """Every sound of a folder, without a text."""
    files = sorted(path for path in folder.rglob('*') if path.suffix in ('.wav', '.ogg', '.mp3', '.flac'))
    return [(str(path.relative_to(folder).with_suffix('')).replace('/', '__'), path, '') for path in files]


def only(folder: Path, name: str) -> Path:
    """The file of that name in a package."""
    return next(folder.rglob(name))


def queen(human: Path) -> None:
    game, raw = only(unpack('flight-of-the-amazon-queen', human), 'queen.1c'), human / 'raw/queen'
    games.queen(game, raw)
    as_16k(transcripts.queen(game, raw), human / 'corpora/queen-en')
    as_16k([row for row in untold(raw) if row[0].startswith(('C', 'JOE')) and row[1].suffix == '.mp3'], human / 'corpora/queen-notext-en')


def sky(human: Path) -> None:
    games.sky(only(unpack('beneath-a-steel-sky', human), 'sky.dnr').parent, human / 'raw/sky')
    as_16k(untold(human / 'raw/sky'), human / 'corpora/sky-en')


def drascula(human: Path) -> None:
    for package, lang in (('drascula', 'en'), ('drascula-spanish', 'es')):
        games.drascula(unpack(package, human), human / f'raw/drascula-{lang}')
        as_16k(untold(human / f'raw/drascula-{lang}'), human / f'corpora/drascula-{lang}')


def fillets(human: Path) -> None:
    share = 'usr/share/games/fillets-ng'
    scripts = unpack('fillets-ng-data', human) / share / 'script'
    for lang in ('cs', 'nl'):
        as_16k(transcripts.fillets(scripts, unpack(f'fillets-ng-data-{lang}', human) / share / 'sound', lang), human / f'corpora/fillets-{lang}')


def tuxpaint(human: Path) -> None:
    rows = transcripts.tuxpaint(unpack('tuxpaint-stamps-default', human) / 'usr/share/tuxpaint/stamps')
    for lang in ('fr', 'es', 'ca', 'ro', 'ru', 'bg', 'be', 'el', 'da'):
        as_16k(rows.get(lang, []), human / f'corpora/tuxpaint-{lang}')


MADE_BY: dict[str, Callable[[Path], None]] = {'queen': queen, 'sky': sky, 'drascula': drascula, 'fillets': fillets, 'tuxpaint': tuxpaint}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='NAME', help=f'of {", ".join(MADE_BY)} (default: all)')
    parser.add_argument('--runs', type=Path, default=RUNS)
    args = parser.parse_args()
    if unknown := set(args.names) - set(MADE_BY):
        raise SystemExit(f'NAME: expected some of {", ".join(MADE_BY)}, got {", ".join(sorted(unknown))}')
    for name in args.names or MADE_BY:
        MADE_BY[name](args.runs / 'human')


if __name__ == '__main__':
    main()
