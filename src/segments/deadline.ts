import { boundarySample, msToSamples, TOKEN_SAMPLES } from '../core/time.ts';

/** However long the delay may be, no more than this stays undecided, 30 s: over it, the older half is decided by force. */
export const MAX_UNDECIDED_TOKENS = 1500;

/** Options of `createDeadline`. */
export interface DeadlineOptions {
  /** Audio milliseconds, 0 or more, `Infinity` allowed. */
  readonly maxDelayMs: number;
  /** Tokens of an encoder chunk: how much audio lies between two blocks. */
  readonly chunkTokens: number;
  /** Samples added to a boundary's place. */
  readonly shiftSamples: number;
}

/**
 * Makes the rule that says which boundaries cannot wait: given the sample at which the last block became available, the
 * last decided node and the newest known one, it returns the last node at which the next block, one chunk later, could only
 * be decided more than `maxDelayMs` after its place. Nodes that are not known yet are never asked for.
 */
export function createDeadline(
  options: DeadlineOptions,
): (available: number, root: number, newest: number) => number {
  const { maxDelayMs, chunkTokens, shiftSamples } = options;
  const delaySamples = maxDelayMs === Infinity ? Infinity : msToSamples(maxDelayMs);
  const firstPlace = boundarySample(1, shiftSamples);
  return (available, root, newest) => {
    const nextBlock = available + chunkTokens * TOKEN_SAMPLES;
    // the last node whose place + delay comes before the next block; places are TOKEN_SAMPLES apart
    const late = Math.ceil((nextBlock - delaySamples - firstPlace) / TOKEN_SAMPLES);
    const tooMany = newest - root > MAX_UNDECIDED_TOKENS;
    return Math.min(newest, tooMany ? Math.max(late, newest - MAX_UNDECIDED_TOKENS / 2) : late);
  };
}
