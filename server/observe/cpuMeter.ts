import { readFileSync } from 'node:fs';

/** CPU milliseconds of the process: of the main thread, and of all threads. */
export interface CpuTimes {
  readonly mainMs: number;
  readonly allMs: number;
}

/**
 * CPU time so far; undefined where the system does not tell that of one thread (it does on Linux: nanoseconds on the CPU come
 * first in `schedstat`).
 */
export function readCpuTimes(): CpuTimes | undefined {
  const { user, system } = process.cpuUsage();
  try {
    const path = `/proc/self/task/${process.pid}/schedstat`;
    const mainMs = Number(readFileSync(path, 'utf8').split(' ')[0]) / 1e6;
    return mainMs > 0 ? { mainMs, allMs: (user + system) / 1000 } : undefined;
  } catch {
    return undefined; // not Linux
  }
}
