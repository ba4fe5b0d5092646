import { availableCores } from './cores.ts';
import type { Threads } from './threads.ts';
import { createWorkerLink, type MortalLink } from './workerLink.ts';

/** Inference threads of `worker_threads`, for one pool. */
export function createNodeThreads(): Threads {
  const links: MortalLink<never, unknown>[] = [];
  // `process.exit()` ends threads too: not in the middle of a native call.
  const leaveNative = (): void => links.forEach((link) => link.leaveNative());
  return {
    start(options) {
      const link = createWorkerLink<never, never, never>(options as never);
      if (links.push(link) === 1) process.on('exit', leaveNative);
      return link;
    },
    async close() {
      await Promise.all(links.map((link) => link.close()));
      process.off('exit', leaveNative);
    },
  };
}

/** How many threads an encoder gets where nobody says: one core is left to whoever asks. */
export function encoderThreads(): number {
  return Math.max(1, Math.floor(availableCores()) - 1);
}
