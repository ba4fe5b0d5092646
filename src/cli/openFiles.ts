import { readdirSync, readFileSync } from 'node:fs';

/** Handles that a recording may need at once: ffmpeg's two pipes, its output, and one while a program is started. */
const HANDLES_EACH = 4;
/** Left for everything else that may be opened meanwhile: modules, weights, programs as they start. */
const RESERVE = 32;

/** How many recordings may be read at the same time. */
export interface ParallelLimit {
  /** What was asked for, or less, but 1 at least. */
  readonly parallel: number;
  /** One line about it where it is less; undefined else. */
  readonly note?: string;
}

/**
 * Bounds the recordings that are read at the same time by the file handles that this process has left.
 *
 * @param asked what the user wants
 * @param recordings how many there are
 */
export function limitParallel(asked: number, recordings: number): ParallelLimit {
  const wanted = Math.min(asked, recordings);
  const limit = openFileLimit();
  const room = Math.floor((limit - openFileCount() - RESERVE) / HANDLES_EACH);
  const parallel = Math.max(1, Math.min(asked, room));
  if (parallel >= wanted) return { parallel: asked };
  const note = `${parallel} recordings at the same time instead of ${wanted}: ${limit} open files are allowed (ulimit -n)`;
  return { parallel, note };
}

/** Files that this process may have open; Infinity where the system does not tell. */
function openFileLimit(): number {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return found === null ? Number.POSITIVE_INFINITY : Number(found[1]);
  } catch {
    return Number.POSITIVE_INFINITY; // no Linux: Node has raised the limit as far as it goes
  }
}

function openFileCount(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0; // no Linux
  }
}
