import type { PredictedUnit, Rate } from '../../core/types.ts';
import type { LmConfig } from '../bundle/bundle.ts';
import type { InferenceStatus } from '../inference/inferenceStatus.ts';

/**
 * The unit language model: what comes next, and how likely something was. One for the whole process; it serves many
 * sessions, whose steps run batched in one inference thread of its own.
 */
export interface UnitLm {
  readonly config: LmConfig;
  /** The rate whose units it was trained on. */
  readonly rate: Rate;
  /** Says whether a stream at this rate speaks the units that the model knows; at another the answer is `unsupported`. */
  knows(rate: Rate): boolean;
  /** Starts a history; it begins with the boundary id, as every training sequence does. */
  open(): UnitLmSession;
  /**
   * Scores a sequence of units as a whole recording. Calls made together run batched, and each gets the same numbers
   * whatever runs beside it.
   *
   * @param units ids in order, 0 = pause, 1 to M; of any length
   * @throws RangeError or TypeError (from the promise) for another id
   */
  score(units: readonly number[]): Promise<UnitScore>;
  /** Where it runs and how it fares, for metrics and logs; a step is one unit of a hypothesis, or up to eight of a history. */
  status(): InferenceStatus;
  /** Rejects what is under way with `SYLSTREAM_ERR_CLOSED` and releases thread and memory. */
  close(): Promise<void>;
}

/** What a session has to know of a unit. */
export interface HistoryUnit {
  /** 0 = pause, else 1 to M. */
  readonly id: number;
  /** Samples at 16 kHz, for the stream's own pace; without them units last as long as the bundle's rate says. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

/**
 * One stream's history in the model: a window of keys and values and a few unit numbers, whatever the stream's length.
 * What it answers is a function of the units pushed, the options and the seed alone: not of how they arrived (one by
 * one or all at once), of the batch, or of other sessions.
 */
export interface UnitLmSession {
  /**
   * Adds the stream's next final unit, unmerged. Returns at once; the model catches up in its own thread. A run of
   * pauses counts as one for the model. Every continuation of this session that is under way ends as `superseded`, within one step.
   *
   * @throws RangeError for an id that is not 0 to M; PipelineError `SYLSTREAM_ERR_CLOSED` after `close()`
   */
  push(unit: HistoryUnit): void;
  /**
   * Continues the history as it is now; several may run side by side. Gives the units of all hypotheses place by place,
   * at each place in the order of the hypotheses, as each step ends. The last unit tells more than the values: it is how it
   * ended (`for await` drops it; `next()` has it as the value with `done: true`). Breaking off the iteration, and
   * `signal`, cancel within one step.
   *
   * @throws RangeError or TypeError at once for an option out of range; from `next()`: PipelineError
   *   `SYLSTREAM_ERR_WORKER`, `SYLSTREAM_ERR_ENCODER` (the model gave no finite numbers), `SYLSTREAM_ERR_CLOSED`
   */
  continue(
    options?: ContinuationOptions,
    signal?: AbortSignal,
  ): AsyncGenerator<PredictedUnit, 'done' | 'cancelled' | 'superseded', void>;
  /**
   * Nothing is asked for a while: gives the model's memory back and keeps the last units as numbers. The next continuation
   * has them read again, and is what it would have been. Continuations under way end as `cancelled`.
   */
  rest(): void;
  /** Ends the session; continuations under way end as `cancelled`. */
  close(): void;
}

/** How long a continuation is and how its units are drawn. */
export interface ContinuationOptions {
  /** Hypotheses side by side, 1 to 16; default 1. Number j of a seed is the same whatever n. */
  readonly n?: number | undefined;
  /** Units of each at most, 1 to 300; default 300 beside `seconds`. */
  readonly units?: number | undefined;
  /**
   * Length of each at most, above 0 to 120 seconds; default: 1 where `units` is not given, no limit where it is. A
   * hypothesis ends with the unit that reaches it. A unit is taken to last as long as the stream's units did on
   * average, a pause as long as its pauses, both starting from 1 / Hz of the bundle's rate with the weight of 8.
   */
  readonly seconds?: number | undefined;
  /** 0 to 10; default 1. 0 takes the most probable unit every time. */
  readonly temperature?: number | undefined;
  /** Draws from the k most probable only, 1 or more; default 25 (SyllableLM's sampler). */
  readonly topK?: number | undefined;
  /** Draws from the fewest most probable that hold this share, 0 to 1; default 0.9 (SyllableLM's sampler). */
  readonly topP?: number | undefined;
  /**
   * Repetition penalty, 0.1 to 10; default 1, none. A logit of a unit that this hypothesis has already (pauses
   * excepted) is divided by it when positive and multiplied when negative (CTRL, Keskar et al. 2019, section 4.1).
   */
  readonly penalty?: number | undefined;
  /** Whole number from 0 to 2^53 − 1; default 0. Same seed, same answer. */
  readonly seed?: number | undefined;
  /** Lets the model end a hypothesis early, where it predicts that no more is said; default false: it goes on to its length. */
  readonly mayEnd?: boolean | undefined;
}

/** How likely a sequence is. All natural logarithms. */
export interface UnitScore {
  /** `[n]`: log-probability of each unit after those before it; 0 for a pause right after a pause (they are one). */
  readonly logProbabilities: Float64Array;
  /** Log-probability that the recording ends there. */
  readonly end: number;
}
