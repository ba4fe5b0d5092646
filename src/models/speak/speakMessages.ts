import type { RunReport, ThreadSetup } from '../inference/inferenceMessages.ts';

/** A thread that makes frames of units. */
export interface SpeakSetup extends ThreadSetup {
  readonly kind: 'speak';
  /** Values of a frame. */
  readonly frameWidth: number;
  /** Units that are seen at once. */
  readonly seenUnits: number;
}

/** One unit's frames to be made. */
export interface SpeakJob {
  /** `[seenUnits]` */
  readonly units: readonly number[];
  /** `[seenUnits]`, tokens. */
  readonly lengths: readonly number[];
  readonly voice: number;
  /** `[N]`, frames from the unit's start; N >= 1. */
  readonly places: Float32Array;
}

/** A run: each job by itself. */
export interface SpeakBatch {
  readonly jobs: readonly SpeakJob[];
}

/** `[N, frameWidth]` for each job; empty where it failed. */
export interface SpeakOutputs extends RunReport {
  readonly frames: readonly Float32Array[];
}
