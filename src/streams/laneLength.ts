import type { EncoderShape } from '../models/encoder/encoder.ts';
import { TOKEN_SAMPLES, SAMPLE_RATE } from '../core/time.ts';

/** Lanes for each inference thread: two batches of eight rows, or one of sixteen; more gains nothing (docs/log/performance.md). */
export const LANES_PER_THREAD = 16;
/** Tokens of a lane, 41 s: long beside the field of L·W tokens that every lane encodes twice (15 s of `small`). */
const LANE_TOKENS = 2048;
/** The same in samples at 16 kHz. */
export const LANE_SAMPLES: number = LANE_TOKENS * TOKEN_SAMPLES;
/** What any gate lets come ahead. */
const AHEAD_MS = 2_000;

/** Tokens of a lane upon the encoder's chunk grid. */
export function laneTokens({ chunkTokens }: Pick<EncoderShape, 'chunkTokens'>): number {
  return Math.ceil(LANE_TOKENS / chunkTokens) * chunkTokens;
}

/** How far a source must be let ahead of the units so that every lane has work: `aheadMs` of `createGate()`. */
export function aheadMsFor(lanes: number): number {
  return AHEAD_MS + (lanes > 1 ? (1000 * lanes * LANE_SAMPLES) / SAMPLE_RATE : 0);
}
