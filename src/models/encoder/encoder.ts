import type { InferenceStatus } from '../inference/inferenceStatus.ts';

/**
 * One interface for every way of running an encoder: cached here, re-encoding a window, later remote.
 * A backend serves many streams; a session is one stream's life in it.
 */
export interface EncoderBackend {
  /** What the sessions expect and give. */
  readonly shape: EncoderShape;
  /** Where it runs and how it fares, for `doctor`, metrics and logs. */
  status(): InferenceStatus;
  /**
   * Starts a stream, at token 0 or at another of the chunk grid. One that begins later has rows as if nothing had been before;
   * those from `fieldTokens` after its first one on are those of the whole stream, bit for bit.
   */
  open(firstToken?: number): EncoderSession;
  /**
   * Runs the model alone, `times` times on one batch size, with nothing gathered or kept: the baseline of a
   * benchmark. Only while no stream runs; absent where the backend has no local model.
   */
  bare?(
    batch: number,
    times: number,
  ): Promise<{ readonly runMs: number; readonly cpuMs: number | undefined }>;
  /** Rejects what is under way with `SYLSTREAM_ERR_CLOSED` and releases threads and memory. */
  close(): Promise<void>;
}

/** The numbers that a stream has to keep to. */
export interface EncoderShape {
  /** c: tokens of a whole chunk. */
  readonly chunkTokens: number;
  /** Output row i of a stream speaks of token i − delayTokens. */
  readonly delayTokens: number;
  /** D. */
  readonly featureWidth: number;
  /** A row depends on the tokens of its own chunk and on so many before it: L·W, or W where it hears windows of the waveform. */
  readonly fieldTokens: number;
  /** Whether a step's input is the waveform and not log-mel. */
  readonly wave: boolean;
  /** Frames that the mel of every step repeats before its own; 0 where it hears the waveform. */
  readonly framesBefore: number;
}

/** One stream's state in a backend. Steps must not overlap: await one before the next. */
export interface EncoderSession {
  /**
   * Encodes the stream's next whole chunk and keeps its keys and values.
   *
   * @param mel `[before + 2c, 128]` normalised log-mel, or a wave `[320c + 240]`; not kept
   */
  step(mel: Float32Array): Promise<EncoderRows>;
  /**
   * Encodes the 0 to c − 1 tokens of the partial chunk and `delayTokens` masked ones after them, as scratch:
   * the stream's state does not change.
   *
   * @param mel `[before + 2n, 128]` normalised log-mel of the n tokens, or a wave `[320n + 240]`
   */
  scratch(mel: Float32Array): Promise<EncoderRows>;
  /** Ends the stream; a result still under way is dropped. */
  release(): void;
}

/** What a step gives: one row a token that went in (`step`: c rows; `scratch`: n + delayTokens rows). */
export interface EncoderRows {
  /** `[rows, D]`. */
  readonly features: Float32Array;
  /** `[rows]`, absent without the head. */
  readonly boundary?: Float32Array;
  /** `[rows]`, absent without the head. */
  readonly speech?: Float32Array;
}
