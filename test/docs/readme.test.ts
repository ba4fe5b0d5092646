import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SMALL } from '../helpers/bundles.ts';
import { present } from '../helpers/require.ts';

const root = resolve(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const example = /```ts\n([^]*?)```/.exec(readme)![1];

describe('README.md', () => {
  let folder: string;
  beforeAll(() => {
    if (!existsSync(join(root, 'dist/src/index.js'))) {
      execFileSync('npm', ['run', 'build'], { cwd: root, stdio: 'ignore' });
    }
    // Inside the project, so that the package finds itself by its own name.
    folder = mkdtempSync(join(root, 'artifacts-readme-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.runIf(present('bundle small', existsSync(SMALL)))(
    'has a library example of about ten lines that prints units of a person',
    () => {
      expect(example.trim().split('\n').length).toBeLessThanOrEqual(12);
      const script = join(folder, 'example.mjs');
      writeFileSync(script, example);
      const lines = execFileSync('node', [script], { cwd: root, encoding: 'utf8' })
        .trim()
        .split('\n');
      expect(lines.length).toBeGreaterThan(5);
      for (const line of lines) expect(line).toMatch(/^\d+ [\d.]+ [\d.]+$/);
    },
  );

  it.runIf(present('bundle small', existsSync(SMALL)))(
    'shows of the first command what it prints, and nothing on standard error',
    () => {
      const [, command] = /npx sylstream (tokenize .*)/.exec(readme)!;
      const shown = readme.match(/^\{"index":.*/gm)!;
      expect(shown).toHaveLength(3);
      const args = ['bin/sylstream.js', ...command.split(' ')];
      const { stdout, stderr } = spawnSync('node', args, { cwd: root, encoding: 'utf8' });
      expect(stdout.split('\n').slice(0, 3)).toEqual(shown);
      expect(stderr).toBe('');
    },
  );

  it.runIf(present('bundle small', existsSync(SMALL)))(
    'shows the picture that --plot draws of the same recording',
    () => {
      const [, picture] = /!\[[^\]]+\]\((docs\/pictures\/[\w./-]+\.svg)\)/.exec(readme)!;
      const [, command] = /npx sylstream (tokenize \S+)/.exec(readme)!;
      const drawn = join(folder, 'drawn.svg');
      const args = ['bin/sylstream.js', ...command.split(' '), '--plot', drawn];
      spawnSync('node', args, { cwd: root });
      // Spectrograms are PNG, which another version of zlib packs into other bytes.
      const withoutImages = (path: string) =>
        readFileSync(path, 'utf8').replaceAll(/href="data:[^"]*"/g, '');
      expect(withoutImages(join(root, picture))).toBe(withoutImages(drawn));
    },
  );
});
