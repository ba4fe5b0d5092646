import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const SCRIPT = resolve(import.meta.dirname, '../../scripts/cleanBuild.mjs');

it('a build keeps nothing that no source gives any more', () => {
  const dist = mkdtempSync(join(tmpdir(), 'sylstream-'));
  const kept = ['src/index.js', 'src/index.d.ts', 'server/index.js', 'web/app.js', 'web/any.bin'];
  const stale = ['src/gone.js', 'src/gone.d.ts', 'old/deep/index.js', 'src/index.txt'];
  for (const folder of ['src', 'server', 'web', 'old/deep']) {
    mkdirSync(join(dist, folder), { recursive: true });
  }
  for (const path of [...kept, ...stale]) writeFileSync(join(dist, path), '');
  execFileSync(process.execPath, [SCRIPT, dist]);
  const left = readdirSync(dist, { recursive: true, withFileTypes: true });
  const paths = left.map((entry) => join(entry.parentPath, entry.name).slice(dist.length + 1));
  expect(paths.sort()).toEqual([...kept, 'server', 'src', 'web'].sort());
});
