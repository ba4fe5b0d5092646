import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { PipelineError } from '../../core/errors.ts';
import type { Bundle, BundleConfig, LmConfig, Manifest } from './bundle.ts';
import { checkFile, readJson } from './checkedFiles.ts';
import { checkLm } from './lmConfig.ts';
import { packageRoot } from '../../core/packageRoot.ts';

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
  await Promise.all(
    Object.entries(manifest.files).map(([path, expected]) => checkFile(folder, path, expected)),
  );
  const config = await readJson<BundleConfig>(folder, 'config.json', 'config');
  checkNumbers(config);
  const lm =
    LM_CONFIG in manifest.files ? await readJson<LmConfig>(folder, LM_CONFIG, 'lm') : undefined;
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

/** Relations between numbers that a schema cannot state. */
function checkNumbers({ encoder, boundaries }: BundleConfig): void {
  const rules: readonly (readonly [boolean, string])[] = [
    [encoder.alibiSlopes.length === encoder.heads, 'encoder.alibiSlopes needs one slope a head'],
    [encoder.heads % encoder.kvHeads === 0, 'encoder.heads must be a multiple of encoder.kvHeads'],
    [encoder.framesPerToken === 2, 'encoder.framesPerToken must be 2'],
    [(encoder.stemFrames ?? 2) % 2 === 0, 'encoder.stemFrames must be even'],
    [
      encoder.windowTokens % encoder.chunkTokens === 0,
      'encoder.windowTokens must be a multiple of chunkTokens',
    ],
    [boundaries.minTokens <= boundaries.maxTokens, 'boundaries.minTokens exceeds maxTokens'],
    [boundaries.rates.some(({ name }) => name === 'natural'), 'boundaries.rates lacks "natural"'],
  ];
  for (const [holds, rule] of rules) {
    if (!holds) {
      throw new PipelineError(
        'SYLSTREAM_ERR_BUNDLE_FORMAT',
        `config.json: ${rule}; export the bundle again`,
      );
    }
  }
}
