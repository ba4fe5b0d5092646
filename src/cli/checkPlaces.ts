import { type BigIntStats, fstatSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { misuse } from './usage.ts';

/** File descriptors of standard input and output. */
const STDIN = 0;
const STDOUT = 1;
/** Systems whose file names differ by more than their capitals and accents' spelling. */
const FOLDS_NAMES = process.platform === 'darwin' || process.platform === 'win32';

/**
 * Sees to it that nothing is written over a recording that is to be read, whatever its name: not through a symbolic or a
 * hard link, nor by a shell that points standard output there; and that no two outputs are one file.
 *
 * @param inputs paths, `-` for standard input
 * @param outputs paths, undefined for standard output
 * @throws CommanderError naming the output
 */
export function checkPlaces(
  inputs: readonly string[],
  outputs: readonly (string | undefined)[],
): void {
  const read = new Set(inputs.map((path) => (path === '-' ? ofDescriptor(STDIN) : ofFile(path))));
  read.delete(undefined);
  const written = new Set<string>();
  for (const path of outputs) {
    const known = path === undefined ? ofDescriptor(STDOUT) : ofFile(path);
    if (known !== undefined && read.has(known)) {
      throw misuse(
        `Expected another place to write to than a recording, got ${nameOf(path)}, which is one (also by its links).`,
      );
    }
    const place = known ?? (path === undefined ? undefined : ofNewFile(path));
    if (place === undefined) continue;
    if (written.has(place)) {
      throw misuse(`Expected a file of its own for each output, got two for ${nameOf(path)}.`);
    }
    written.add(place);
  }
}

function nameOf(path: string | undefined): string {
  return path === undefined ? 'standard output' : `"${path}"`;
}

/** Which file a path leads to, through all links; undefined where there is none, or it is no file but a device or a pipe. */
function ofFile(path: string): string | undefined {
  try {
    return identity(statSync(path, { bigint: true }));
  } catch {
    return undefined; // not there, or not to be reached: whoever opens it will say so
  }
}

function ofDescriptor(descriptor: number): string | undefined {
  try {
    return identity(fstatSync(descriptor, { bigint: true }));
  } catch {
    return undefined; // closed
  }
}

function identity(stats: BigIntStats): string | undefined {
  return stats.isFile() ? `${stats.dev}:${stats.ino}` : undefined;
}

/** The place of a file that is yet to be made: its folder, through all links, and its name. Undefined for a device. */
function ofNewFile(path: string): string | undefined {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return undefined;
  const whole = resolve(path);
  const name = FOLDS_NAMES ? basename(whole).normalize('NFC').toLowerCase() : basename(whole);
  const folder = statSync(dirname(whole), { bigint: true, throwIfNoEntry: false });
  return `${folder === undefined ? dirname(whole) : `${folder.dev}:${folder.ino}`}/${name}`;
}
