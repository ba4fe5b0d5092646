import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Bundle, BundleConfig, LmConfig, Manifest } from './bundle.ts';
import { assembleBundle, checkManifest, hashedLines, LM_CONFIG } from './assembleBundle.ts';
import { checkFile, readJson } from './checkedFiles.ts';
import { packageRoot } from '../../core/packageRoot.ts';

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
  checkManifest(manifest, folder);
  await Promise.all(
    Object.entries(manifest.files).map(([path, expected]) => checkFile(folder, path, expected)),
  );
  const config = await readJson<BundleConfig>(folder, 'config.json', 'config');
  const lm =
    LM_CONFIG in manifest.files ? await readJson<LmConfig>(folder, LM_CONFIG, 'lm') : undefined;
  return assembleBundle(folder, bundleHash(manifest), { manifest, config, lm });
}

/** The bundle's hash, hex (docs/bundle.md). */
export function bundleHash(manifest: Manifest): string {
  return createHash('sha256').update(hashedLines(manifest)).digest('hex');
}
