"""A worker: tokenizes parts, each by a `sylstream` process that it owns, and writes one Parquet file for each."""

import json
import os
import subprocess
import tempfile
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from recordings import Part, Recording

UNIT = pa.struct(
    [
        ('index', pa.int32()),
        ('id', pa.int32()),
        ('fine', pa.int32()),
        ('label', pa.string()),
        ('start', pa.int64()),
        ('end', pa.int64()),
        ('decided', pa.int64()),
        ('confidence', pa.float32()),
        ('pause', pa.bool_()),
        ('forced', pa.bool_()),
    ]
)
COLUMNS = pa.schema([('file', pa.string()), ('units', pa.list_(UNIT)), ('error', pa.string())])


def read_part(text: str) -> Part:
    told = json.loads(text)
    return Part(told['file'], [Recording(**each) for each in told['recordings']])


class Tokenizer:
    """Takes parts; gives how many recordings and units each had. Times of units are samples at 16 kHz."""

    def __init__(self, command: list[str], options: list[str], audio: str, bundle: dict, out: str):
        self.command, self.options, self.audio, self.bundle, self.out = command, options, audio, bundle, Path(out)

    def __call__(self, batch: dict) -> dict:
        done = [self.part(read_part(text)) for text in batch['part']]
        return {name: [each[name] for each in done] for name in done[0]}

    def part(self, part: Part) -> dict:
        # The name says who is at it. Only a whole file gets the part's own name, so a worker that dies leaves nothing behind it.
        unfinished = self.out / f'.{part.file}.{os.getpid()}'
        unfinished.touch()
        with tempfile.TemporaryDirectory(prefix='sylstream-') as folder:
            files, missing = self.lay_out(part.recordings, Path(folder))
            units, errors = self.tokenize(files)
        rows = []
        for place, recording in enumerate(part.recordings):
            error = missing.get(place) or errors.get(place)
            rows.append({'file': recording.name, 'units': units.get(place, []), 'error': error})
        schema = COLUMNS.with_metadata({f'sylstream.{key}': str(value) for key, value in self.bundle.items()})
        parquet.write_table(pa.Table.from_pylist(rows, schema), unfinished)
        os.replace(unfinished, self.out / part.file)
        return {
            'file': part.file,
            'recordings': len(rows),
            'units': sum(len(row['units']) for row in rows),
            'errors': sum(row['error'] is not None for row in rows),
        }

    def lay_out(self, recordings: list[Recording], folder: Path) -> tuple[dict[int, str], dict[int, str]]:
        """Gives every recording a name that is its place; also why some could not be had."""
        files, missing, tables = {}, {}, {}
        for place, recording in enumerate(recordings):
            file = folder / f'{place:08d}'
            try:
                if recording.row is None:
                    os.stat(recording.path)
                    file.symlink_to(recording.path)
                else:
                    if recording.path not in tables:
                        tables[recording.path] = parquet.read_table(recording.path, columns=[self.audio]).column(0)
                    value = tables[recording.path][recording.row].as_py()
                    file.write_bytes(value['bytes'] if isinstance(value, dict) else value)
            except (OSError, KeyError, TypeError) as error:
                missing[place] = f'{type(error).__name__}: {error}'.replace(str(file), recording.name)
            else:
                files[place] = str(file)
        return files, missing

    def tokenize(self, files: dict[int, str]) -> tuple[dict[int, list], dict[int, str]]:
        """Units and errors by place. A line of JSON is a unit, with the file that it is of."""
        units, errors = {place: [] for place in files}, {}
        if not files:
            return units, errors
        places = {file: place for place, file in files.items()}
        arguments = ['tokenize', '--no-progress', '--header', *self.options, *files.values()]
        ran = subprocess.Popen([*self.command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        with ran:
            # Beside the units: a pipe that nobody reads is soon full.
            said: list[str] = []
            reader = threading.Thread(target=lambda: said.extend(ran.stderr))
            reader.start()
            for line in ran.stdout:
                value = json.loads(line)
                if 'index' not in value:
                    continue
                # A single recording is not named.
                place = places[value['file']] if 'file' in value else next(iter(files))
                unit = {field.name: value.get(field.name) for field in UNIT}
                units[place].append(unit | {'pause': value.get('pause', False), 'forced': value.get('forced', False)})
            reader.join()
        for line in said:
            if not line.startswith('SYLSTREAM_ERR_'):
                continue
            found = [place for file, place in places.items() if file in line]
            if not found:
                raise RuntimeError(f'sylstream ended with {ran.returncode}: {line.strip()}')
            errors[found[0]] = line.strip().replace(files[found[0]], 'the recording')
        if ran.returncode < 0 or (ran.returncode and not errors):
            raise RuntimeError(f'sylstream ended with {ran.returncode}: {"".join(said)[-1000:]}')
        return units, errors
