/** What the language model keeps of histories and hypotheses: sizes and memories that both threads know. */
import type { LmConfig } from '../bundle/bundle.ts';
import type { CacheShape } from '../inference/cacheArena.ts';
import { ringBytes, type RingShape } from '../inference/kvRing.ts';

/**
 * Units of one step of a history. Histories are fed upon this grid alone, so that it does not
 * matter how they arrived; windows are multiples of it (docs/schema/lm.schema.json).
 */
export const CHUNK_UNITS = 8;

/** The cache that a language model's step reads. */
export function lmCache({ layers, windowUnits, kvHeads, headWidth }: LmConfig): CacheShape {
  return { layers, window: windowUnits, rowWidth: kvHeads * headWidth };
}

/** Most histories of one run: a row of theirs is the work of CHUNK_UNITS, and must not keep hypotheses waiting. */
export function historyBatch(maxBatch: number): number {
  return Math.ceil(maxBatch / 4);
}

/** The shape of a history's memory. */
export function historyShape({ layers, window, rowWidth }: CacheShape): RingShape {
  return { layers, windowTokens: window, chunkTokens: CHUNK_UNITS, rowWidth };
}

/** Bytes of the memory of one history: a ring of W + CHUNK_UNITS rows. */
export function historyBytes(cache: CacheShape): number {
  return ringBytes(historyShape(cache));
}

/**
 * Bytes of the memory of one hypothesis: the keys and values of the units that it drew, `[2·L, rows, V]`; the history's own are
 * read where they lie. One row more than a step sees, so that a step never overwrites what it reads.
 *
 * @param units the most that it will draw
 */
export function hypothesisBytes({ layers, window, rowWidth }: CacheShape, units: number): number {
  return 4 * 2 * layers * Math.min(units, window + 1) * rowWidth;
}
