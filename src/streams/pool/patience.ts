import { performance } from 'node:perf_hooks';

/** Says how long a thread lets the first step that is ready wait for more of them: a row of a full batch costs less than half of one alone. */
export interface Patience {
  /** Milliseconds from the moment on when the first step was ready; 0 where the thread has time enough. */
  readonly ms: number;
}

/** Share of its time that a thread works below which nothing waits, and from which on steps wait longest. */
const LOW_SHARE = 0.35;
const HIGH_SHARE = 0.75;
/** The longest wait; a step stands for 160 ms of audio. */
const MAX_PATIENCE_MS = 30;
/** The share is measured anew after so long. */
const MEASURED_MS = 250;

/** How long steps wait in a thread that works for this share of its time, 0 to 1. */
export function patienceMs(busyShare: number): number {
  const height = (busyShare - LOW_SHARE) / (HIGH_SHARE - LOW_SHARE);
  return MAX_PATIENCE_MS * Math.min(1, Math.max(0, height));
}

/** Makes the patience of this thread, measured by what its event loop does not wait. */
export function createPatience(): Patience {
  let last = performance.eventLoopUtilization();
  let since = performance.now();
  let ms = 0;
  return {
    get ms() {
      const now = performance.now();
      if (now - since < MEASURED_MS) return ms;
      const here = performance.eventLoopUtilization();
      ms = patienceMs(performance.eventLoopUtilization(here, last).utilization);
      last = here;
      since = now;
      return ms;
    },
  };
}
