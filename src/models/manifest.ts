import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { PipelineError } from '../errors.ts';
import type { Bundle, BundleConfig, LmConfig, Manifest } from './bundle.ts';
import { checkLm } from './lmConfig.ts';
import { packageRoot } from './packageRoot.ts';

/** Files that every bundle has; the ONNX ones are looked for when a precision is loaded. */
const REQUIRED = ['config.json', 'codebook.safetensors'] as const;

/** Says that there is a language model, which is optional. */
const LM_CONFIG = 'lm/config.json';

/** The folder of the bundle that comes with the package. */
export function defaultBundle(): string {
  return join(packageRoot(), 'models', 'small');
}

/**
 * Reads a bundle's manifest and config and checks them against the schemas and every file against its
 * size and SHA-256.
 *
 * @param directory the bundle's folder
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_MISSING` (no folder, no manifest, a listed file absent),
 *   `SYLSTREAM_ERR_BUNDLE_FORMAT` (a file does not follow its schema), `SYLSTREAM_ERR_BUNDLE_HASH` (a file is damaged,
 *   or the language model belongs to another codebook)
 */
export async function readBundle(directory: string): Promise<Bundle> {
  const folder = resolve(directory);
  const manifest = await readJson<Manifest>(folder, 'manifest.json', 'manifest');
  for (const path of REQUIRED) {
    if (!(path in manifest.files)) {
      throw new PipelineError(
        'SYLSTREAM_ERR_BUNDLE_FORMAT',
        `manifest.json of ${folder} must list ${path} and does not; export the bundle again`,
      );
    }
  }
  await Promise.all(Object.keys(manifest.files).map((path) => checkFile(folder, path, manifest)));
  const config = await readJson<BundleConfig>(folder, 'config.json', 'config');
  checkNumbers(config);
  const lm = LM_CONFIG in manifest.files ? await readJson<LmConfig>(folder, LM_CONFIG, 'lm') : undefined;
  if (lm) checkLm(lm, { folder, config, manifest });
  return { directory: folder, hash: bundleHash(manifest), manifest, config, ...(lm && { lm }) };
}

/** The bundle's hash: SHA-256 over the lines `sha256  path` in path order, without README.md (docs/bundle.md). */
export function bundleHash(manifest: Manifest): string {
  const lines = Object.entries(manifest.files)
    .filter(([path]) => path !== 'README.md')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, { sha256 }]) => `${sha256}  ${path}\n`);
  return createHash('sha256').update(lines.join('')).digest('hex');
}

async function checkFile(folder: string, path: string, manifest: Manifest): Promise<void> {
  const expected = manifest.files[path];
  const full = join(folder, path);
  if (path.split(/[\\/]/).includes('..')) {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_FORMAT',
      `manifest.json of ${folder} lists ${path}; a bundle's files lie inside its folder`,
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

async function readJson<T>(folder: string, path: string, schema: string): Promise<T> {
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
  const validate = await schemaOf(schema);
  if (!validate(value)) {
    const [first] = validate.errors!;
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_FORMAT',
      `${full}: ${first.instancePath || 'the whole'} ${first.message}${paramsOf(first.params)}; ` +
        'docs/bundle.md has the format',
    );
  }
  return value as T;
}

function paramsOf(params: Record<string, unknown>): string {
  return Object.keys(params).length ? ` ${JSON.stringify(params)}` : '';
}

function missing(path: string, cause: unknown): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_BUNDLE_MISSING',
    `expected a bundle's file at ${path} and found none; name a bundle's folder (docs/bundle.md)`,
    { cause },
  );
}

async function schemaOf(name: string): Promise<ValidateFunction> {
  const path = join(packageRoot(), 'docs', 'schema', `${name}.schema.json`);
  const ajv = new Ajv2020({ strict: false });
  return ajv.compile(JSON.parse(await readFile(path, 'utf8')) as object);
}

/** Relations between numbers that a schema cannot state. */
function checkNumbers({ encoder, boundaries }: BundleConfig): void {
  const rules: readonly (readonly [boolean, string])[] = [
    [encoder.alibiSlopes.length === encoder.heads, 'encoder.alibiSlopes needs one slope a head'],
    [encoder.heads % encoder.kvHeads === 0, 'encoder.heads must be a multiple of encoder.kvHeads'],
    [encoder.framesPerToken === 2, 'encoder.framesPerToken must be 2'],
    [encoder.windowTokens % encoder.chunkTokens === 0, 'encoder.windowTokens must be a multiple of chunkTokens'],
    [boundaries.minTokens <= boundaries.maxTokens, 'boundaries.minTokens exceeds maxTokens'],
    [boundaries.rates.some(({ name }) => name === 'natural'), 'boundaries.rates lacks "natural"'],
  ];
  for (const [holds, rule] of rules) {
    if (!holds) {
      throw new PipelineError('SYLSTREAM_ERR_BUNDLE_FORMAT', `config.json: ${rule}; export the bundle again`);
    }
  }
}
