import type { CachedEncoderConfig } from '../bundle/bundle.ts';
import type { EncoderRows } from './encoder.ts';
import type { KeptMemory, RingShape } from '../inference/kvRing.ts';

/** One stream's part of a run. */
export interface StepJob {
  /** The stream's keys and values, or the inputs that are heard again. */
  readonly memory: KeptMemory;
  readonly firstToken: number;
  /** `[before + 2·tokens, 128]` normalised log-mel of the tokens that are real, or a wave `[320·tokens + 240]`, or that and zeros behind. */
  readonly mel: Float32Array;
  /** Tokens that are real; the rest of the row is masked. */
  readonly tokens: number;
  /** Whether the new keys and values are kept. */
  readonly commit: boolean;
  /** Tokens before it whose keys and values there are; default: all. */
  readonly knownTokens?: number | undefined;
}

/** What a run gave. */
export interface StepOutputs {
  /** `[B, rows, D]`. */
  readonly features: Float32Array;
  /** `[B, rows]`. */
  readonly boundary?: Float32Array | undefined;
  readonly speech?: Float32Array | undefined;
  /** For each job: why it failed, or nothing; its state is then as it was. */
  readonly failed: readonly (string | undefined)[];
  readonly runMs: number;
  readonly gatherMs: number;
}

/** The b-th job's rows of outputs that have so many rows a job. */
export function rowsOfJob(
  outputs: Pick<StepOutputs, 'features' | 'boundary' | 'speech'>,
  b: number,
  rows: number,
  width: number,
): EncoderRows {
  const { features, boundary, speech } = outputs;
  return {
    features: features.subarray(b * rows * width, (b + 1) * rows * width),
    ...(boundary && { boundary: boundary.subarray(b * rows, (b + 1) * rows) }),
    ...(speech && { speech: speech.subarray(b * rows, (b + 1) * rows) }),
  };
}

/** The memory of a stream's keys and values for this model: all layers of each phase. */
export function ringShape({
  layers,
  phases = 1,
  windowTokens,
  chunkTokens,
  kvHeads,
  headWidth,
}: CachedEncoderConfig): RingShape {
  return { layers: layers * phases, windowTokens, chunkTokens, rowWidth: kvHeads * headWidth };
}
