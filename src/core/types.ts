/**
 * The vocabulary of the pipeline. Shapes use one alphabet: N samples, T frames or tokens, M mel bands,
 * D features. Every time is an integer number of samples at 16 kHz unless its name says otherwise.
 *
 * A moment is one sample of every channel, a frame 10 ms of log-mel, a token 20 ms. A continuation is what a language
 * model predicts to come next: n hypotheses side by side, each of predicted units.
 */

/** A rate of the dial: `natural` (the bundle's best boundaries) or units per second of non-pause. */
export type Rate = 'natural' | number;

/** Samples as they came: `[N]` mono, or `[N × channels]` interleaved before `resample()`; in [-1, 1]. */
export interface PcmChunk {
  readonly samples: Float32Array;
}

/** Asks every stage to decide all that it holds, now; the stream goes on afterwards. */
export interface Flush {
  readonly control: 'flush';
  /** Comes back in the `flushed` event. */
  readonly id?: string | number;
}

/** Turns the rate dial; holds from the first token that starts at or after `fromSample` (default: at once). */
export interface SetRate {
  readonly control: 'rate';
  readonly rate: Rate;
  /** Sample at 16 kHz, rounded up to a token; a sample that is already decided counts as now. */
  readonly fromSample?: number;
}

/** What travels in band, between blocks, so that its place in the audio is part of the input. */
export type Control = Flush | SetRate;

/** Says whether a value in the stream is a control. */
export function isControl(value: object): value is Control {
  return 'control' in value;
}

/** Log-mel frames at 100 Hz, natural log, not yet normalised. */
export interface MelBlock {
  /** Index of the first frame; frame f covers samples [160·f, 160·f + 400). */
  readonly firstFrame: number;
  /** T. */
  readonly frames: number;
  /** `[T, 128]`, row after row. */
  readonly mel: Float32Array;
  /** `[160·T + 240]`: the samples that the frames are of; there for an encoder that hears the waveform. */
  readonly wave?: Float32Array | undefined;
}

/** Encoder outputs at 50 Hz. Token t covers samples [320·t, 320·t + 560). */
export interface FeatureBlock {
  /** Token of row 0. */
  readonly firstToken: number;
  /** T. */
  readonly tokens: number;
  /** `[T, D]`. */
  readonly features: Float32Array;
  /** `[T]`: logit that a syllable boundary lies before the token; absent where the bundle has no head. */
  readonly boundary?: Float32Array;
  /** `[T]`: logit that the token is speech; absent where the bundle has no head. */
  readonly speech?: Float32Array;
  /** `[T]`: mean natural-log mel energy of the token's frames; tells pauses where `speech` is absent. */
  readonly level?: Float32Array;
  /** The earliest sample at which all rows could be known. */
  readonly availableSample: number;
  /** True for rows of a flush: they decide now, and come again with their whole context if the stream goes on. */
  readonly scratch: boolean;
}

/** A syllable-like stretch or a pause. */
export interface Segment {
  /** 0, 1, 2, … never reused. */
  readonly index: number;
  /** First sample. */
  readonly start: number;
  /** One past the last sample; the next segment's start. */
  readonly end: number;
  /** The earliest sample at which the end could be decided: a function of the audio alone. */
  readonly decided: number;
  /** True when `maxDelayMs` forced the decision before it was certain. */
  readonly forced: boolean;
  /** True for silence and noise between utterances. */
  readonly pause: boolean;
  /** `[D]`: mean of the inner tokens' features. */
  readonly vector: Float32Array;
}

/** The best path over what is not decided yet; replaces the one before. */
export interface ProvisionalSegments {
  /** Index that the first of `provisional` would get. */
  readonly from: number;
  readonly provisional: readonly Segment[];
}

/** A segment with its number in the bundle's codebook. */
export interface Unit {
  /** From 1; only where the channels of a recording are told apart. Indices count in each by themselves. */
  readonly channel?: number;
  readonly index: number;
  /** 0 = pause, else 1 to M of the bundle. Means nothing without the bundle. */
  readonly id: number;
  /** The finer name, 1 to K of the bundle: which centroid of the unit was nearest. Absent for a pause, and where a server of an older version does not say. */
  readonly fine?: number;
  readonly start: number;
  readonly end: number;
  readonly decided: number;
  /**
   * 0 to 1: the probability that the unit's commonest syllable is what was said; with a bundle that has no calibration how much
   * nearer the centroid is than the nearest of another unit (docs/bundle.md). Absent for a pause.
   */
  readonly confidence?: number;
  readonly pause: boolean;
  readonly forced: boolean;
  /** `[D]`, only with `features: true`. */
  readonly vector?: Float32Array;
}

/** One unit that the language model predicts next, never part of what was said. */
export interface PredictedUnit {
  /** Which of the n hypotheses of a continuation, from 0. */
  readonly hypothesis: number;
  /** Place in that hypothesis, from 0. */
  readonly place: number;
  /** 0 = pause, else 1 to M. */
  readonly id: number;
  /** Natural logarithm of the probability that the model itself gave it, before temperature, top-k, top-p and penalty. */
  readonly logProbability: number;
}

/**
 * How a continuation ended: whole; called off; overtaken by a newer unit; never begun, because the bundle has no
 * language model or the stream runs at another rate than the model's.
 */
export type ContinuationEnd = 'done' | 'cancelled' | 'superseded' | 'unsupported';

/** What `continueUnits()` emits beside the units: the continuations and their ends. */
export type Continuation =
  /** One more unit of a continuation; hypotheses take turns, place by place. `after` is the index of the last unit that it knows, −1 for none. */
  | {
      readonly type: 'predicted';
      readonly request?: string | number;
      readonly after: number;
      readonly unit: PredictedUnit;
    }
  /** Nothing more comes of it. */
  | {
      readonly type: 'continued';
      readonly request?: string | number;
      readonly after: number;
      readonly reason: ContinuationEnd;
    };

/** What `speechUnits()` emits. */
export type SpeechEvent =
  /** Final: never revised. */
  | { readonly type: 'unit'; readonly unit: Unit }
  /** The tail as it looks now; replaces the provisional event before. Only with `partials: true`. */
  | { readonly type: 'provisional'; readonly from: number; readonly units: readonly Unit[] }
  /** All that came before the flush is decided: `index` units up to sample `sample`. */
  | {
      readonly type: 'flushed';
      readonly id?: string | number;
      readonly sample: number;
      readonly index: number;
    };
