import { realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';

/** A file to send. */
export interface PageFile {
  readonly type: string;
  /** Its path on this machine, inside the folder. */
  readonly file: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
  '.wav': 'audio/wav',
  '.ico': 'image/x-icon',
  '.map': 'application/json; charset=utf-8',
};

/**
 * Finds a file of the page by its URL path; undefined when there is none. Nothing outside of `folder` is ever read,
 * whatever the path says and wherever links lead, and no file whose ending is not one of a page's.
 */
export async function readPageFile(folder: string, path: string): Promise<PageFile | undefined> {
  let name: string;
  try {
    name = decodeURIComponent(path);
  } catch {
    return undefined; // not a path at all
  }
  if (name.endsWith('/')) name += 'index.html';
  const type = TYPES[extname(name)];
  if (type === undefined || name.includes('\0')) return undefined;
  try {
    const root = await realpath(folder);
    const file = await realpath(join(root, name));
    if (!file.startsWith(root + sep)) return undefined;
    return (await stat(file)).isFile() ? { type, file } : undefined;
  } catch {
    return undefined; // no such file: the caller says 404
  }
}
