import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
import { PipelineError } from '../core/errors.ts';

/** A recording that a command line names. */
export interface Recording {
  /** `-` for standard input. */
  readonly path: string;
  /** What its own output is called, without an extension: its name, with the folders between it and the folder named. */
  readonly stem: string;
}

/** What a recording's name ends in; others are read when they are named themselves. */
const AUDIO =
  /\.(wave?|bwf|w64|rf64|aiff?|aifc|au|snd|flac|mp[1-4]|mpga|m4[abv]|aac|og[gavx]|opus|spx|webm|weba|mka|mkv|mov|avi|3gp|amr|wma|wv|ape|caf|nist|sph)$/i;
/** The same for raw samples. */
const RAW = /\.(raw|pcm|sw|s16|s16le|s24le|s32le|f32|f32le|f64le|ul|ulaw|mulaw|al|alaw|u8)$/i;

/**
 * Puts in place of every folder the recordings in it and below it, known by their extension, in the order of their names;
 * hidden files are left out.
 *
 * - `raw`: recordings are raw samples, so look for such names too.
 *
 * @throws PipelineError SYLSTREAM_ERR_FILE_READ when a folder has none or cannot be read
 */
export function recordingsIn(
  paths: readonly string[],
  { raw = false }: { readonly raw?: boolean } = {},
): Recording[] {
  return paths.flatMap((path) => {
    if (path === '-') return { path, stem: 'stdin' };
    if (!isFolder(path)) return { path, stem: basename(path, extname(path)) };
    const found = namesIn(path).filter((name) => AUDIO.test(name) || (raw && RAW.test(name)));
    if (found.length > 0) {
      return found.map((name) => ({
        path: join(path, name),
        stem: join(dirname(name), basename(name, extname(name))),
      }));
    }
    throw new PipelineError(
      'SYLSTREAM_ERR_FILE_READ',
      `expected recordings in ${path}, got none whose name says that it is one; name the files themselves`,
    );
  });
}

/** Whether a path is a folder, through links; no where nobody can tell. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // whoever opens it will say why not
  }
}

/** Files below a folder, relative to it, in the order of their names. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
      .filter((name) => !/(^|[/\\])\./.test(name))
      .sort();
  } catch (cause) {
    throw new PipelineError(
      'SYLSTREAM_ERR_FILE_READ',
      `expected a folder that can be read at ${folder}, got ${(cause as Error).message}`,
      { cause },
    );
  }
}
