import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { filesOf, readSource } from '../helpers/sources.ts';

const ROOT = join(import.meta.dirname, '../..');

it('docs/architecture.md names files and rooms that there are', () => {
  const page = readSource('docs/architecture.md').replace(/^\| `.*\| (.*) \|$/gm, '$1'); // what went
  const named = [
    ...page.matchAll(
      /`((?:[\w-]+\/)*[\w-]+(?:\.test)?\.(?:ts|mjs)|(?:src|server|web|test)\/[\w/-]*)`/g,
    ),
  ];
  const names = new Set(
    filesOf(['src', 'server', 'web', 'bench', 'bin', 'scripts', 'test'], /\.(ts|mjs)$/).map(
      (file) => basename(file),
    ),
  );
  const absent = named
    .map(([, name]) => name)
    .filter((name) => !existsSync(join(ROOT, name)) && !names.has(name));
  expect(named.length).toBeGreaterThan(40);
  expect(absent).toEqual([]);
});
