import type { EncoderConfig } from '../bundle/bundle.ts';
import type { RemoteModel } from './remoteModel.ts';
import type { RunReport, ThreadSetup } from '../inference/inferenceMessages.ts';

/** A thread that runs the encoder. */
export interface EncoderSetup extends ThreadSetup {
  readonly kind: 'step' | 'window';
  readonly encoder: EncoderConfig;
  /** Tokens of the longest row. */
  readonly maxRows: number;
  /** `[maxBatch, before + 2·maxRows, 128]` float32 shared with the main thread, which fills it before each run. */
  readonly melRows: ArrayBufferLike;
  /** The step model is elsewhere. */
  readonly remote?: RemoteModel | undefined;
}

/** One stream's part of an encoder's run. */
export interface EncoderItem {
  /** Never used twice, so that a late answer cannot reach another stream. */
  readonly stream: number;
  /** Sent along the first time that this thread meets the stream. */
  readonly ring?: ArrayBufferLike | undefined;
  readonly firstToken: number;
  /** Tokens that are real; the rest of the row is masked. */
  readonly tokens: number;
  /** Whether the new keys and values are written to the ring. */
  readonly commit: boolean;
}

/** A run of the encoder: rows of `rows` tokens, of which the last `keep` come out. */
export interface EncoderBatch {
  readonly rows: number;
  readonly keep: number;
  readonly items: readonly EncoderItem[];
}

/** An encoder's outputs: `[B, keep, ·]`, the last `keep` rows of each stream. */
export interface EncoderOutputs extends RunReport {
  readonly features: Float32Array;
  readonly boundary?: Float32Array | undefined;
  readonly speech?: Float32Array | undefined;
}
