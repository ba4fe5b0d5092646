import { PipelineError } from '../core/errors.ts';
import {
  assembleBundle,
  checkManifest,
  hashedLines,
  LM_CONFIG,
} from '../models/bundle/assembleBundle.ts';
import type { Bundle, BundleConfig, LmConfig, Manifest } from '../models/bundle/bundle.ts';
import { parseJson, type SchemaName } from '../models/bundle/parseJson.ts';
import { openBundleFiles, type BundleFilesOptions } from './bundleFiles.ts';
import { sha256 } from './sha256.ts';

/** A bundle behind an address, and its files. */
export interface FetchedBundle {
  readonly bundle: Bundle;
  /**
   * A file that its manifest lists, checked.
   *
   * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_MISSING` where it lists none of that name, and what `BundleFiles` throws
   */
  read(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /** One that is JSON and has a schema. @throws PipelineError also `SYLSTREAM_ERR_BUNDLE_FORMAT` */
  readJson<T>(path: string, schema: SchemaName): Promise<T>;
  /** Forgets files of bundles that were at this address before. */
  prune(): Promise<void>;
}

/**
 * Fetches what says what a bundle is; its weights wait until they are read.
 *
 * @param hash what the bundle's hash has to be, where that is known
 * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_MISSING`, `SYLSTREAM_ERR_BUNDLE_FORMAT`, `SYLSTREAM_ERR_BUNDLE_HASH`
 */
export async function fetchBundle(
  url: string,
  hash: string | undefined,
  options: BundleFilesOptions,
): Promise<FetchedBundle> {
  const files = await openBundleFiles(url, options);
  const { directory } = files;
  const text = await files.manifest();
  const manifest = parseJson(text, `${directory}/manifest.json`, 'manifest') as Manifest;
  checkManifest(manifest, directory);
  const found = await sha256(hashedLines(manifest));
  if (hash !== undefined && found !== hash) {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_HASH',
      `${directory} is another bundle: expected hash ${hash}, found ${found}; change the one or the other`,
    );
  }

  async function read(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const entry = manifest.files[path];
    if (entry !== undefined) return files.read(path, entry);
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_MISSING',
      `expected ${path} in ${directory}, and its manifest lists none; choose another precision or another bundle`,
    );
  }

  async function readJson<T>(path: string, schema: SchemaName): Promise<T> {
    const text = new TextDecoder().decode(await read(path));
    return parseJson(text, `${directory}/${path}`, schema) as T;
  }

  const config = await readJson<BundleConfig>('config.json', 'config');
  const lm = LM_CONFIG in manifest.files ? await readJson<LmConfig>(LM_CONFIG, 'lm') : undefined;
  return {
    bundle: assembleBundle(directory, found, { manifest, config, lm }),
    read,
    readJson,
    prune: () => files.prune(manifest.files),
  };
}
