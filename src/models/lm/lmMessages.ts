import type { LmConfig } from '../bundle/bundle.ts';
import type { RunReport, ThreadSetup } from '../inference/inferenceMessages.ts';
import type { Draw, Drawn } from './drawUnit.ts';

/** A thread that runs the unit language model. */
export interface LmSetup extends ThreadSetup {
  readonly kind: 'lm';
  readonly lm: LmConfig;
}

/** One history's or one hypothesis' part of a language model's run; its new keys and values are kept. */
export interface LmItem {
  /** Never used twice. */
  readonly sequence: number;
  /** Sent along the first time that this thread meets the sequence. */
  readonly memory?: ArrayBufferLike | undefined;
  /** Position of the first unit; the boundary id that begins a history is 0. */
  readonly first: number;
  /** Position of the oldest unit that was fed; what lies before it is absent. */
  readonly start: number;
  readonly units: readonly number[];
  /** The history that a hypothesis goes on from, and how many units of it there were. */
  readonly parent?:
    | {
        readonly sequence: number;
        readonly memory?: ArrayBufferLike | undefined;
        readonly length: number;
      }
    | undefined;
  /** Units to be drawn from what follows the last one. */
  readonly draws: readonly Draw[];
  /** What did follow each unit, from the first on: its log-probability is wanted. */
  readonly targets: readonly number[];
}

/** A run of the language model: chunks of histories (`rows` = CHUNK_UNITS) or single units of hypotheses (1). */
export interface LmBatch {
  readonly rows: number;
  readonly items: readonly LmItem[];
}

/** What an item's `draws` and `targets` asked for. */
export interface LmAnswer {
  readonly drawn: readonly Drawn[];
  readonly scored: readonly number[];
}

/** A language model's outputs, one answer an item. */
export interface LmOutputs extends RunReport {
  readonly answers: readonly LmAnswer[];
}
