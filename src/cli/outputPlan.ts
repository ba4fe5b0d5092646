import { mkdirSync, statSync } from 'node:fs';
import { basename, extname, join, sep } from 'node:path';
import { EXTENSIONS, type Format, LINE_FORMATS } from './formatters.ts';
import { misuse } from './usage.ts';

/** Where the units of each recording go. */
export type OutputPlan =
  /** All into one place: a file, or standard output without a path. */
  | { readonly kind: 'shared'; readonly path?: string }
  /** Each into a file of its own, in the order of the recordings. */
  | { readonly kind: 'each'; readonly paths: readonly string[] };

/**
 * Decides where units go: into a folder when `--output` names one (or ends in a slash, then it is made), one file a
 * recording; else all into that file or standard output, which only lines allow for several recordings.
 *
 * @throws CommanderError when two recordings would share a file, or a format cannot hold several
 */
export function planOutput(files: readonly string[], format: Format, output?: string): OutputPlan {
  if (output !== undefined && isFolder(output)) {
    const paths = files.map((file) => join(output, nameOf(file) + EXTENSIONS[format]));
    const twice = paths.find((path, n) => paths.indexOf(path) !== n);
    if (twice !== undefined) {
      throw misuse(
        `Expected recordings with different names for --output ${output}, got two for ${twice}.`,
      );
    }
    mkdirSync(output, { recursive: true });
    return { kind: 'each', paths };
  }
  if (files.length > 1 && !LINE_FORMATS.includes(format)) {
    throw misuse(
      `Expected one recording for --format ${format}, got ${files.length}; name a folder with --output FOLDER/.`,
    );
  }
  return { kind: 'shared', ...(output === undefined ? {} : { path: output }) };
}

function isFolder(path: string): boolean {
  if (path.endsWith('/') || path.endsWith(sep)) return true;
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function nameOf(file: string): string {
  return file === '-' ? 'stdin' : basename(file, extname(file));
}
