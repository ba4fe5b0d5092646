import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Manifest } from '../../src/models/bundle/bundle.ts';
import type { StreamPool } from '../../src/streams/pool/poolTypes.ts';
import { createStreamPool } from '../../src/streams/pool/streamPool.ts';
import { TINY } from './bundles.ts';

/** A vocoder of random weights for the tiny bundle, voices `one` and `two`, from `training/recipes/vocoder/export.py`. */
const TINY_SPEAK = resolve(import.meta.dirname, '../fixtures/tiny-speak');

/** Another, which takes no finer names. */
export const COARSE_SPEAK = resolve(import.meta.dirname, '../fixtures/tiny-speak-coarse');

/** A copy of the tiny bundle that can speak; `change` may spoil files of its `speak/` before they are listed. */
export function speakingBundle(
  change: (folder: string) => void = () => {},
  from = TINY_SPEAK,
): string {
  const folder = mkdtempSync(join(tmpdir(), 'sylstream-speaking-'));
  cpSync(TINY, folder, { recursive: true });
  const speak = join(folder, 'speak');
  cpSync(from, speak, { recursive: true });
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

/** A pool of one thread that speaks; `close()` takes its bundle away too. */
export async function speakingPool(): Promise<StreamPool> {
  const bundle = speakingBundle();
  const pool = await createStreamPool({ bundle, shards: 1, speak: true });
  return {
    ...pool,
    close: async () => {
      await pool.close();
      rmSync(bundle, { recursive: true });
    },
  };
}
