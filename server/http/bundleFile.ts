import { join } from 'node:path';
import type { Bundle } from '../../src/models/bundle/bundle.ts';
import type { PageFile } from './pageFiles.ts';

/** Where the page finds the bundle, for what it cuts on its own device. */
export const BUNDLE_PATH = '/models/small/';

/** A file of the bundle by its URL path: the manifest and what it lists; undefined for anything else. */
export function bundleFile(
  { directory, manifest }: Pick<Bundle, 'directory' | 'manifest'>,
  path: string,
): PageFile | undefined {
  const name = path.slice(BUNDLE_PATH.length);
  if (name !== 'manifest.json' && !Object.hasOwn(manifest.files, name)) return undefined;
  const type = name.endsWith('.json') ? 'application/json' : 'application/octet-stream';
  return { type, file: join(directory, name) };
}
