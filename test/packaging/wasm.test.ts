import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

describe('the committed WebAssembly', () => {
  test('is what the compiler makes of assembly/', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sylstream-wasm-'));
    try {
      await promisify(execFile)(process.execPath, [join(root, 'scripts/buildWasm.mjs'), folder]);
      for (const file of ['src/mel/melWasm.ts', 'src/models/codebook/namingWasm.ts']) {
        const made = await readFile(join(folder, file), 'utf8');
        expect(made, file).toBe(await readFile(join(root, file), 'utf8'));
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 180_000);
});
