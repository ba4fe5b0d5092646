import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Manifest } from '../../src/models/bundle/bundle.ts';
import { TINY } from './bundles.ts';

/** A vocoder of random weights for the tiny bundle, voices `one` and `two`, from `training/recipes/vocoder/export.py`. */
const TINY_SPEAK = resolve(import.meta.dirname, '../fixtures/tiny-speak');

/** A copy of the tiny bundle that can speak; `change` may spoil files of its `speak/` before they are listed. */
export function speakingBundle(change: (folder: string) => void = () => {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'sylstream-speaking-'));
  cpSync(TINY, folder, { recursive: true });
  const speak = join(folder, 'speak');
  cpSync(TINY_SPEAK, speak, { recursive: true });
  change(speak);
  const path = join(folder, 'manifest.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  const added = readdirSync(speak).map((name) => {
    const bytes = readFileSync(join(speak, name));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return [`speak/${name}`, { bytes: bytes.length, sha256 }] as const;
  });
  const files = { ...manifest.files, ...Object.fromEntries(added) };
  writeFileSync(path, JSON.stringify({ ...manifest, files }));
  return folder;
}
