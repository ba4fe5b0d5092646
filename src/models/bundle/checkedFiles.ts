import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { bundleMissing, checkInside, damaged, type FileEntry } from './bundleFaults.ts';
import { parseJson, type SchemaName } from './parseJson.ts';

/**
 * Checks a listed file against its size and SHA-256.
 *
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_MISSING`, `SYLSTREAM_ERR_BUNDLE_HASH`, or `SYLSTREAM_ERR_BUNDLE_FORMAT` for a path that leaves the folder
 */
export async function checkFile(folder: string, path: string, expected: FileEntry): Promise<void> {
  const full = join(folder, path);
  checkInside(path, folder);
  const size = await stat(full).then(
    (found) => found.size,
    (cause: unknown) => {
      throw bundleMissing(full, cause);
    },
  );
  const hash = createHash('sha256');
  if (size === expected.bytes) await pipeline(createReadStream(full), hash);
  else hash.end();
  const found = hash.digest('hex');
  if (size !== expected.bytes || found !== expected.sha256) {
    throw damaged(full, expected, {
      bytes: size,
      sha256: size === expected.bytes ? found : undefined,
    });
  }
}

/**
 * Reads a JSON file that must follow `docs/schema/SCHEMA.schema.json`.
 *
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_MISSING`, `SYLSTREAM_ERR_BUNDLE_FORMAT`
 */
export async function readJson<T>(folder: string, path: string, schema: SchemaName): Promise<T> {
  const full = join(folder, path);
  const text = await readFile(full, 'utf8').catch((cause: unknown) => {
    throw bundleMissing(full, cause);
  });
  return parseJson(text, full, schema) as T;
}
