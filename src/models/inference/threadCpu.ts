import { readFileSync } from 'node:fs';

/** At most this old is the CPU time that goes with a message: reading it costs as much as a small copy. */
const CPU_MS = 50;
let known: number | undefined;
let knownAt = -Infinity;

/** The same, at most 50 ms old. */
export function recentThreadCpuMs(): number | undefined {
  const now = performance.now();
  if (now - knownAt > CPU_MS) {
    known = threadCpuMs();
    knownAt = now;
  }
  return known;
}

/** CPU time of this thread, from the kernel's scheduler statistics (nanoseconds on the CPU come first). */
export function threadCpuMs(): number | undefined {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return undefined; // not Linux: the figure is left out
  }
}
