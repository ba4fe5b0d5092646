import { totalmem } from 'node:os';

/** Bytes that the process may have: the machine's, or its container's where that is less. */
export function availableBytes(): number {
  const constrained = process.constrainedMemory(); // 0, or more than there is, without a bound
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
