"""What there is to tokenize: a folder, a list, or Parquet with the recordings' bytes; cut into parts."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow.parquet as parquet

EXTENSIONS = {'.wav', '.flac', '.mp3', '.ogg', '.opus', '.m4a', '.aac', '.aiff', '.aif', '.wma', '.webm', '.mp4'}


@dataclass(frozen=True)
class Recording:
    """One recording: a file, or a row of a Parquet file that holds its bytes."""

    name: str
    path: str
    row: int | None = None
    """Row of `path`; None where `path` is the recording itself."""


@dataclass(frozen=True)
class Part:
    """What one call of a worker does, and one file of the output."""

    file: str
    recordings: list[Recording]


def find(source: Path, names: str) -> list[Recording]:
    """All recordings of a source, in the order of their names. `names`: the column of a Parquet file that names its rows."""
    if source.is_dir():
        tables = sorted(source.rglob('*.parquet'))
        if tables:
            return [each for table in tables for each in rows_of(table, names)]
        files = sorted(path for path in source.rglob('*') if path.suffix.lower() in EXTENSIONS)
        return [Recording(str(path.relative_to(source)), str(path.resolve())) for path in files]
    if source.suffix == '.parquet':
        return rows_of(source, names)
    lines = [line.strip() for line in source.read_text(encoding='utf-8').splitlines()]
    return [Recording(line, str((source.parent / line).resolve())) for line in lines if line]


def rows_of(table: Path, names: str) -> list[Recording]:
    schema = parquet.read_schema(table)
    if names in schema.names:
        found = parquet.read_table(table, columns=[names]).column(0).to_pylist()
    else:
        found = [f'{table.name}:{row}' for row in range(parquet.read_metadata(table).num_rows)]
    return [Recording(str(name), str(table.resolve()), row) for row, name in enumerate(found)]


def cut(recordings: list[Recording], size: int, settings: dict) -> list[Part]:
    """Parts of `size` recordings. A part's name says what it is made of and with which settings: the same again, the same name."""
    parts = []
    for begin in range(0, len(recordings), size):
        some = recordings[begin : begin + size]
        told = json.dumps([settings, [[asdict(each), stamp(each)] for each in some]], sort_keys=True)
        digest = hashlib.sha256(told.encode()).hexdigest()[:16]
        parts.append(Part(f'part-{begin // size:06d}-{digest}.parquet', some))
    return parts


def stamp(recording: Recording) -> list[int] | None:
    """Size and time of its file: one that was changed is another recording."""
    try:
        found = Path(recording.path).stat()
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]
