import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const root = resolve(import.meta.dirname, '../..');

/**
 * Throws for what publint or are-the-types-wrong say of a tarball. ES modules alone: `require()` loads them from Node 20.19 on.
 *
 * @param manifest what its package.json says
 */
export async function lintPackage(tarball, manifest) {
  const bytes = readFileSync(tarball);
  const { messages } = await publint({
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) },
    strict: true,
  });
  if (messages.length > 0) {
    const said = messages.map((message) => formatMessage(message, manifest)).join('\n');
    throw new Error(`publint of ${manifest.name}: ${said}`);
  }
  // What a page hands to `new Worker()` and `addModule()`, or fetches, has no types.
  const untyped = Object.keys(manifest.exports).filter(
    (path) => path !== './package.json' && manifest.exports[path].types === undefined,
  );
  const excluded = untyped.length > 0 ? ['--exclude-entrypoints', ...untyped] : [];
  const args = [tarball, '--profile', 'esm-only', '--no-color', '--no-emoji', ...excluded];
  const attw = spawnSync(join(root, 'node_modules/.bin/attw'), args, { encoding: 'utf8' });
  if (attw.status !== 0)
    throw new Error(`are-the-types-wrong of ${manifest.name}: ${attw.stdout}${attw.stderr}`);
  console.log(`${manifest.name}: publint and are-the-types-wrong find nothing`);
}
