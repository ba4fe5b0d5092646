import { totalmem } from 'node:os';

/** A figure is good for so long: asking the system costs up to a millisecond. */
const FRESH_MS = 500;

/** Makes a function that returns the resident bytes of the process, at most half a second old. */
export function createMemoryGauge(
  now: () => number,
  read: () => number = () => process.memoryUsage.rss(),
): () => number {
  let bytes = 0;
  let readAt = -Infinity;
  return () => {
    if (now() - readAt > FRESH_MS) {
      bytes = read();
      readAt = now();
    }
    return bytes;
  };
}

/** Bytes that the process may have: the machine's, or its container's where that is less. */
export function availableBytes(): number {
  const constrained = process.constrainedMemory(); // 0, or more than there is, without a bound
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
