"""Runs the example on real recordings, with a worker killed. Wants `SYLSTREAM` (the command) and `BUNDLE`."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

HERE = Path(__file__).parent
FIXTURES = HERE.parent.parent / 'test/fixtures'
SYLSTREAM = os.environ.get('SYLSTREAM', 'sylstream')
BUNDLE = os.environ.get('BUNDLE', str(FIXTURES / 'tiny'))
CLIPS = ['kathleen-a0002.wav', 'kathleen-a0004.wav', 'kerstin-0013.wav']
COPIES = 4


def units_py(source: Path, out: Path, *more: str) -> subprocess.Popen:
    command = [sys.executable, str(HERE / 'units.py'), str(source), str(out), '--sylstream', SYLSTREAM, '--bundle', BUNDLE]
    # Ray keeps a token in the home folder.
    env = os.environ | {'HOME': str(out.parent)}
    return subprocess.Popen([*command, '--part', '3', *more], stdout=subprocess.PIPE, text=True, env=env)


def rows(out: Path) -> list[dict]:
    return [row for path in sorted(out.glob('part-*.parquet')) for row in parquet.read_table(path).to_pylist()]


class Units(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        source = self.source = self.folder / 'recordings'
        source.mkdir()
        for copy in range(COPIES):
            for clip in CLIPS:
                shutil.copy(FIXTURES / clip, source / f'{copy}-{clip}')
        (source / '1-bad.wav').write_bytes(b'this is no sound')
        (source / '2-empty.wav').write_bytes(b'')

    def expected(self) -> dict[str, int]:
        """Units of each clip by the command line alone."""
        command = [*shlex.split(SYLSTREAM), 'tokenize', '--text', '--workers', '1', '--no-progress', '--bundle', BUNDLE]
        told = subprocess.run([*command, *(str(FIXTURES / clip) for clip in CLIPS)], check=True, capture_output=True, text=True)
        lines = told.stdout.splitlines()
        return {clip: [int(word) for word in line.split() if word.isdigit()] for clip, line in zip(CLIPS, lines, strict=True)}

    def check(self, out: Path) -> None:
        found = {row['file']: row for row in rows(out)}
        self.assertEqual(len(rows(out)), len(found), 'repeated')
        self.assertEqual(set(found), {path.name for path in self.source.iterdir()}, 'lost')
        for name, row in found.items():
            clip = name.split('-', 1)[1]
            if clip in CLIPS:
                self.assertIsNone(row['error'])
                self.assertEqual([unit['id'] for unit in row['units']], self.ids[clip], name)
            else:
                self.assertRegex(row['error'], '^SYLSTREAM_ERR_')
                self.assertEqual(row['units'], [])
        schema = parquet.read_schema(next(out.glob('part-*.parquet')))
        self.assertEqual(len(schema.metadata[b'sylstream.hash']), 64)
        self.assertEqual([path.name for path in out.glob('.*')], [])

    def test_two_and_four_workers_one_killed_then_resumed(self):
        self.ids = self.expected()
        out = self.folder / 'killed'
        run = units_py(self.source, out, '--workers', '2')
        while not (begun := list(out.glob('.part-*'))):
            self.assertIsNone(run.poll())
            time.sleep(0.02)
        os.kill(int(begun[0].name.rsplit('.', 1)[1]), signal.SIGKILL)
        run.communicate()
        self.assertEqual(run.returncode, 0)
        self.check(out)
        # Two parts gone: those alone are done again, by four workers asked for.
        for path in sorted(out.glob('part-*'))[1:3]:
            path.unlink()
        kept = {path: path.stat().st_mtime_ns for path in out.glob('part-*')}
        run = units_py(self.source, out, '--workers', '4')
        told, _ = run.communicate()
        self.assertIn(f'{len(kept) + 2} parts, {len(kept)} of them done', told)
        self.check(out)
        self.assertEqual(kept, {path: path.stat().st_mtime_ns for path in kept})

    def test_parquet_with_bytes_gives_the_same(self):
        self.ids = self.expected()
        names = sorted(path.name for path in self.source.iterdir())
        audio = [{'bytes': (self.source / name).read_bytes()} for name in names]
        parquet.write_table(pa.table({'file': names, 'audio': audio}), self.folder / 'corpus.parquet')
        out = self.folder / 'from-parquet'
        run = units_py(self.folder / 'corpus.parquet', out, '--workers', '4')
        run.communicate()
        self.assertEqual(run.returncode, 0)
        self.check(out)


if __name__ == '__main__':
    unittest.main()
