import type { RunReport, ThreadSetup } from '../inference/inferenceMessages.ts';

/** A thread that makes frames of units. */
export interface SpeakSetup extends ThreadSetup {
  readonly kind: 'speak';
  /** Values of a frame. */
  readonly frameWidth: number;
  /** Units that are seen at once. */
  readonly seenUnits: number;
  /** How much formants are brought out, 0 to 1. */
  readonly sharpen: number;
  /** Whether the model takes the finer numbers too. */
  readonly takesFine: boolean;
}

/** Frames to be made of a unit or a piece of one, and the sound of them. */
export interface SpeakJob {
  /** `[seenUnits]` */
  readonly units: readonly number[];
  /** `[seenUnits]`: their finer numbers, 0 where there is none. */
  readonly fine: readonly number[];
  /** `[seenUnits]`, tokens. */
  readonly lengths: readonly number[];
  readonly voice: number;
  /** `[N]`, frames from the unit's start; N >= 0. */
  readonly places: Float32Array;
  /** Silent frames behind those; default none. */
  readonly silent?: number | undefined;
  /** Where the stream's synthesis stands; without it the frames themselves are wanted, and no sound. */
  readonly sound?: SoundState | undefined;
}

/** A stream's synthesis between two jobs: it travels with them, so that a thread that dies costs nothing. */
export interface SoundState {
  /** What the answer before said; absent at the beginning. */
  readonly state?: Uint8Array | undefined;
  /** Nothing follows: what is held comes too. */
  readonly isLast: boolean;
}

/** What comes of a job. */
export interface Spoken {
  /** Samples at 16 kHz, or frames `[N, frameWidth]`. */
  readonly values: Float32Array;
  /** Of the synthesis, for the next job. */
  readonly state?: Uint8Array | undefined;
}

/** A run: each job by itself. */
export interface SpeakBatch {
  readonly jobs: readonly SpeakJob[];
}

/** One of each job; undefined where it failed. */
export interface SpeakOutputs extends RunReport {
  readonly spoken: readonly (Spoken | undefined)[];
}
