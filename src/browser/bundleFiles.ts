import { PipelineError } from '../core/errors.ts';
import {
  bundleMissing,
  checkInside,
  damaged,
  type FileEntry,
} from '../models/bundle/bundleFaults.ts';
import { sha256 } from './sha256.ts';

/** The files of a bundle behind an address. */
export interface BundleFiles {
  /** The folder's address, without a slash at its end. */
  readonly directory: string;
  /** The text of `manifest.json`: as the server has it now, or as it was when it was last there. */
  manifest(): Promise<string>;
  /**
   * A listed file, its size and SHA-256 checked: from the cache where it was loaded before, else from the server.
   *
   * @throws PipelineError `SYLSTREAM_ERR_BUNDLE_MISSING`, `SYLSTREAM_ERR_BUNDLE_HASH`, `SYLSTREAM_ERR_BUNDLE_FORMAT` for a path that leaves the folder
   */
  read(path: string, entry: FileEntry): Promise<Uint8Array<ArrayBuffer>>;
  /** Drops from the cache what this list does not have any more. */
  prune(files: Readonly<Record<string, FileEntry>>): Promise<void>;
}

/** How files are fetched. */
export interface BundleFilesOptions {
  /** Sent with every request, `authorization` for instance. */
  readonly headers: Readonly<Record<string, string>>;
  /** Told how many bytes more are there. */
  readonly onBytes: (bytes: number) => void;
}

/** Of the Cache API. */
const CACHE = 'sylstream-bundles';
/** A manifest has a line for each file. */
const MAX_MANIFEST_BYTES = 1 << 20;

/**
 * Opens a bundle's folder on a server. Files are kept by the browser (Cache API) under their hash, so that another visit, in
 * flight mode too, loads nothing; where there is no such cache, they are fetched every time.
 *
 * @param url the folder's absolute address
 */
export async function openBundleFiles(
  url: string,
  { headers, onBytes }: BundleFilesOptions,
): Promise<BundleFiles> {
  const base = new URL(url.endsWith('/') ? url : `${url}/`);
  const directory = base.href.slice(0, -1);
  const cache = await openCache();
  const manifestUrl = new URL('manifest.json', base).href;
  const keyOf = (path: string, { sha256: hash }: FileEntry): string =>
    `${addressOf(path)}?sha256=${hash}`;

  function addressOf(path: string): string {
    checkInside(path, directory);
    return new URL(path.split('/').map(encodeURIComponent).join('/'), base).href;
  }

  /** Asks the server, whatever the browser's own cache of requests holds. */
  async function ask(address: string): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(address, { headers, cache: 'no-cache' });
    } catch (cause) {
      throw bundleMissing(address, cause);
    }
    if (!response.ok) throw bundleMissing(address, new Error(`HTTP status ${response.status}`));
    return response;
  }

  async function cached(
    key: string,
    entry: FileEntry,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const found = await cache?.match(key);
    if (found === undefined) return undefined;
    const bytes = new Uint8Array(await found.arrayBuffer());
    if (bytes.length === entry.bytes && (await sha256(bytes)) === entry.sha256) return bytes;
    await cache?.delete(key); // what a disk has spoilt is fetched again
    return undefined;
  }

  return {
    directory,
    async manifest() {
      try {
        const response = await ask(manifestUrl);
        const text = new TextDecoder().decode(
          await readAtMost(response, MAX_MANIFEST_BYTES, manifestUrl),
        );
        await keep(cache, manifestUrl, text);
        return text;
      } catch (error) {
        const kept = await cache?.match(manifestUrl);
        if (kept === undefined) throw error;
        return kept.text();
      }
    },
    async read(path, entry) {
      const address = addressOf(path);
      const key = keyOf(path, entry);
      const known = await cached(key, entry);
      if (known !== undefined) {
        onBytes(known.length);
        return known;
      }
      const bytes = await readAtMost(await ask(address), entry.bytes, address, onBytes);
      const found = bytes.length === entry.bytes ? await sha256(bytes) : undefined;
      if (found !== entry.sha256)
        throw damaged(address, entry, { bytes: bytes.length, sha256: found });
      await keep(cache, key, bytes);
      return bytes;
    },
    async prune(files) {
      const wanted = new Set(Object.entries(files).map(([path, entry]) => keyOf(path, entry)));
      for (const { url: kept } of (await cache?.keys()) ?? []) {
        const isOurs = kept.startsWith(base.href) && kept !== manifestUrl;
        if (isOurs && !wanted.has(kept)) await cache?.delete(kept);
      }
    },
  };
}

/** Undefined where the browser has none: on plain http, and in pages without an origin. */
async function openCache(): Promise<Cache | undefined> {
  try {
    return await globalThis.caches?.open(CACHE);
  } catch {
    return undefined; // switched off: everything is fetched
  }
}

async function keep(
  cache: Cache | undefined,
  key: string,
  body: string | Uint8Array<ArrayBuffer>,
): Promise<void> {
  try {
    await cache?.put(key, new Response(body));
  } catch {
    // The disk is full, or the person allows none of it: the next visit fetches again.
  }
}

/** Reads a response that must not be longer than it was said to be. */
async function readAtMost(
  response: Response,
  most: number,
  address: string,
  onBytes?: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  try {
    for (
      let read = await reader?.read();
      read !== undefined && !read.done;
      read = await reader?.read()
    ) {
      length += read.value.length;
      if (length > most) {
        await reader?.cancel();
        throw new PipelineError(
          'SYLSTREAM_ERR_BUNDLE_HASH',
          `${address}: expected ${most} bytes at most, found more; fetch or export the bundle again`,
        );
      }
      parts.push(read.value);
      onBytes?.(read.value.length);
    }
  } catch (cause) {
    throw cause instanceof PipelineError ? cause : bundleMissing(address, cause);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
