import { FRAMES_PER_TOKEN, MEL_BINS } from '../../core/time.ts';
import type { EncoderConfig } from '../bundle/bundle.ts';
import type { EncoderShape } from './encoder.ts';

/**
 * Frames that the encoder hears again before a step's own: its embedding hears `stemFrames`, the token's two and those
 * before them, and a second phase begins within the token before (docs/bundle.md).
 */
export function framesBefore({ stemFrames = FRAMES_PER_TOKEN, phases = 1 }: EncoderConfig): number {
  return stemFrames - FRAMES_PER_TOKEN * (2 - phases);
}

/** What a stream has to keep to, of a bundle's numbers. */
export function encoderShape(encoder: EncoderConfig): EncoderShape {
  const { chunkTokens, delayTokens, featureWidth, layers, windowTokens } = encoder;
  const fieldTokens = layers * windowTokens;
  const before = framesBefore(encoder);
  return { chunkTokens, delayTokens, featureWidth, fieldTokens, framesBefore: before };
}

/** Numbers in the mel of so many tokens with `before` frames in front of them. */
export function melRowLength(before: number, tokens: number): number {
  return (before + FRAMES_PER_TOKEN * tokens) * MEL_BINS;
}

/** Shared memory for the mel of a batch. */
export interface MelRows {
  readonly encoder: EncoderConfig;
  /** `[maxBatch, before + 2·maxRows, 128]` float32. */
  readonly melRows: ArrayBufferLike;
  /** Tokens of the longest row. */
  readonly maxRows: number;
}

/** The b-th stream's mel of `rows` tokens, in the memory that a batch's mel is handed over in. */
export function melRowsOf({
  encoder,
  melRows,
  maxRows,
}: MelRows): (b: number, rows: number) => Float32Array {
  const all = new Float32Array(melRows);
  const before = framesBefore(encoder);
  const size = melRowLength(before, maxRows);
  return (b, rows) => all.subarray(b * size, b * size + melRowLength(before, rows));
}

/** Tokens of a mel `[before + 2n, 128]`. */
export function melRowTokens(mel: Float32Array, before: number): number {
  return (mel.length / MEL_BINS - before) / FRAMES_PER_TOKEN;
}
