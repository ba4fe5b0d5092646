import { mkdirSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { EXTENSIONS, type Format, LINE_FORMATS } from './formatters.ts';
import { writeFailed } from './output.ts';
import { isFolder, type Recording } from './recordingsIn.ts';
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
 * @throws PipelineError SYLSTREAM_ERR_OUTPUT_WRITE when a folder cannot be made
 */
export function planOutput(
  recordings: readonly Recording[],
  format: Format,
  output?: string,
): OutputPlan {
  if (output !== undefined && namesFolder(output)) {
    const paths = recordings.map(({ stem }) => join(output, stem + EXTENSIONS[format]));
    const twice = firstTwice(paths);
    if (twice !== undefined) {
      throw misuse(
        `Expected recordings with different names for --output ${output}, got two for ${twice}.`,
      );
    }
    for (const folder of new Set(paths.map((path) => dirname(path)))) makeFolder(folder);
    return { kind: 'each', paths };
  }
  if (recordings.length > 1 && !LINE_FORMATS.includes(format)) {
    throw misuse(
      `Expected one recording for --format ${format}, got ${recordings.length}; name a folder with --output FOLDER/.`,
    );
  }
  return { kind: 'shared', ...(output === undefined ? {} : { path: output }) };
}

/** Whether an output is a folder: one that exists, or a name that ends in a slash. */
export function namesFolder(path: string): boolean {
  return path.endsWith('/') || path.endsWith(sep) || isFolder(path);
}

function firstTwice(paths: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return paths.find((path) => seen.size === seen.add(path).size);
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw writeFailed(path, error);
  }
}
