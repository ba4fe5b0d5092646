import {
  FRAMES_PER_TOKEN,
  HOP_SAMPLES,
  MEL_BINS,
  TOKEN_SAMPLES,
  WINDOW_SAMPLES,
} from '../../core/time.ts';
import { hearsWave, type CachedEncoderConfig, type EncoderConfig } from '../bundle/bundle.ts';
import type { EncoderShape } from './encoder.ts';

/** What the input of a step is made of. */
export type RowShape = Pick<EncoderShape, 'wave' | 'framesBefore'>;

/** Samples of a wave's row beyond the tokens' own: the last frame's window reaches so far. */
const WAVE_TAIL = WINDOW_SAMPLES - HOP_SAMPLES;

/**
 * Frames that the encoder hears again before a step's own: its embedding hears `stemFrames`, the token's two and those
 * before them, and a second phase begins within the token before (docs/bundle.md).
 */
export function framesBefore({
  stemFrames = FRAMES_PER_TOKEN,
  phases = 1,
}: Pick<CachedEncoderConfig, 'stemFrames' | 'phases'>): number {
  return stemFrames - FRAMES_PER_TOKEN * (2 - phases);
}

/** What the rows of an encoder are made of. */
export function rowShape(encoder: EncoderConfig): RowShape {
  const wave = hearsWave(encoder);
  return { wave, framesBefore: wave ? 0 : framesBefore(encoder) };
}

/** Tokens before a step's own that its rows depend on: the window's, or W for each layer that a cache is seen through. */
export function fieldTokens(encoder: EncoderConfig): number {
  const { layers, windowTokens } = encoder;
  return hearsWave(encoder) ? windowTokens : layers * windowTokens;
}

/** What a stream has to keep to, of a bundle's numbers. */
export function encoderShape(encoder: EncoderConfig): EncoderShape {
  const { chunkTokens, delayTokens, featureWidth } = encoder;
  return {
    chunkTokens,
    delayTokens,
    featureWidth,
    fieldTokens: fieldTokens(encoder),
    ...rowShape(encoder),
  };
}

/** Numbers in the input of so many tokens: mel `[before + 2n, 128]`, or a wave `[320n + 240]`, of no token nothing. */
export function melRowLength({ wave, framesBefore: before }: RowShape, tokens: number): number {
  if (wave) return tokens === 0 ? 0 : tokens * TOKEN_SAMPLES + WAVE_TAIL;
  return (before + FRAMES_PER_TOKEN * tokens) * MEL_BINS;
}

/** Shared memory for the inputs of a batch. */
export interface MelRows {
  readonly encoder: EncoderConfig;
  /** `[maxBatch, row of maxRows tokens]` float32. */
  readonly melRows: ArrayBufferLike;
  /** Tokens of the longest row. */
  readonly maxRows: number;
}

/** The b-th stream's input of `rows` tokens, in the memory that a batch's inputs are handed over in. */
export function melRowsOf({
  encoder,
  melRows,
  maxRows,
}: MelRows): (b: number, rows: number) => Float32Array {
  const all = new Float32Array(melRows);
  const shape = rowShape(encoder);
  const size = melRowLength(shape, maxRows);
  return (b, rows) => all.subarray(b * size, b * size + melRowLength(shape, rows));
}

/** Tokens of an input. */
export function melRowTokens(row: Float32Array, { wave, framesBefore: before }: RowShape): number {
  if (wave) return row.length === 0 ? 0 : (row.length - WAVE_TAIL) / TOKEN_SAMPLES;
  return (row.length / MEL_BINS - before) / FRAMES_PER_TOKEN;
}
