import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { PipelineError } from '../../core/errors.ts';
import * as compiled from './schemaChecks.ts';

/** A schema of `docs/schema`. */
export type SchemaName = keyof typeof compiled;

/** The first thing that is wrong with a value, as Ajv says it. */
interface Fault {
  /** A JSON pointer (RFC 6901). */
  readonly instancePath: string;
  readonly message: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Whether a value follows a schema; `errors` says of the last one why not. */
interface SchemaCheck {
  (value: unknown): boolean;
  readonly errors?: readonly Fault[] | null;
}

/** The check of every schema, compiled ahead. */
export const SCHEMA_CHECKS: Readonly<Record<SchemaName, SchemaCheck>> = compiled;

/** What a list of files says of one. */
export interface FileEntry {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/**
 * Checks a listed file against its size and SHA-256.
 *
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_MISSING`, `SYLSTREAM_ERR_BUNDLE_HASH`, or `SYLSTREAM_ERR_BUNDLE_FORMAT` for a path that leaves the folder
 */
export async function checkFile(folder: string, path: string, expected: FileEntry): Promise<void> {
  const full = join(folder, path);
  if (path.split(/[\\/]/).includes('..')) {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_FORMAT',
      `the file list of ${folder} names ${path}; listed files lie inside its folder`,
    );
  }
  const size = await stat(full).then(
    (found) => found.size,
    (cause: unknown) => {
      throw missing(full, cause);
    },
  );
  const hash = createHash('sha256');
  if (size === expected.bytes) await pipeline(createReadStream(full), hash);
  else hash.end();
  const found = hash.digest('hex');
  if (size !== expected.bytes || found !== expected.sha256) {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_HASH',
      `${full} is damaged: expected ${expected.bytes} bytes with SHA-256 ${expected.sha256}, ` +
        `found ${size} bytes${size === expected.bytes ? ` with ${found}` : ''}; fetch or export the bundle again`,
    );
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
    throw missing(full, cause);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_FORMAT',
      `${full} is not JSON; fetch or export the bundle again`,
      { cause },
    );
  }
  const check = SCHEMA_CHECKS[schema];
  if (!check(value)) {
    const [first] = check.errors!;
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_FORMAT',
      `${full}: ${first.instancePath || 'the whole'} ${first.message}${paramsOf(first.params)}; ` +
        `docs/schema/${schema}.schema.json has the format`,
    );
  }
  return value as T;
}

function paramsOf(params: Fault['params']): string {
  return Object.keys(params).length ? ` ${JSON.stringify(params)}` : '';
}

function missing(path: string, cause: unknown): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_BUNDLE_MISSING',
    `expected a bundle's file at ${path} and found none; name a bundle's folder (docs/bundle.md)`,
    { cause },
  );
}
