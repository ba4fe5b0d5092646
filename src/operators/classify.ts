import { checkNumber, type Rule } from '../core/check.ts';
import { concatMap, type OperatorFunction } from 'rxjs';
import { createSlidingMean } from '../segments/slidingMean.ts';
import type { Head } from '../models/head/head.ts';
import type { Control, FeatureBlock } from '../core/types.ts';
import { SAMPLE_RATE, TOKEN_SAMPLES } from '../core/time.ts';
import { stateful } from './stateful.ts';

/** Options of `classify()`. */
export interface ClassifyOptions {
  /** Audio that a decision looks at, 20 to 60,000 ms, whole tokens of 20 ms; default: what the head was taught with. */
  readonly windowMs?: number | undefined;
  /** Audio from one decision to the next, 20 to 60,000 ms, whole tokens; default: the head's. */
  readonly hopMs?: number | undefined;
}

/** What a stretch of the stream is, as a head hears it. */
export interface Classification {
  /** First sample of the stretch, at 16 kHz. */
  readonly start: number;
  /** One past its last sample. */
  readonly end: number;
  /** The earliest sample at which the decision was possible: a function of the audio alone. */
  readonly decided: number;
  /** Samples of the stretch that the decision rests on: its speech, for a head that hears only that. */
  readonly heard: number;
  /** The most probable label; of two alike, the earlier one. `null` where there is too little speech to say. */
  readonly label: string | null;
  /** Its probability; `null` without a label. */
  readonly probability: number | null;
  /** `[labels]`: a probability for each of the head's labels, in its order; empty without a label. */
  readonly probabilities: Float32Array;
}

const TOKEN_MS = (1000 * TOKEN_SAMPLES) / SAMPLE_RATE;
const MAX_MS = 60_000;

/**
 * Says over and over what a stream sounds like: a head on the mean of the encoder's features over a sliding window.
 *
 * The first decision comes with the first whole window, one more every `hopMs`, and at a flush and at the end one for what is
 * left (a recording shorter than a window gets one for all of it). Decisions depend on the audio alone, not on how it
 * is cut, and none is taken back. A head with `minSpeechMs` hears speech only, and says nothing of a window with less of it. Each subscription keeps the features of one window.
 *
 * `concatMap`, because order matters.
 *
 * In: `FeatureBlock` `[T, D]` from `encode()` and controls, which end here. Out: one `Classification` a window.
 *
 * Throws `TypeError` or `RangeError` at once for an option that is not what it must be. Errors: `SYLSTREAM_ERR_ENCODER` for a
 * block that does not fit.
 *
 * ```ts
 * const head = await loadHead(models.bundle);
 * fromFile('speech.wav')
 *   .pipe(logMel(), encode(models.encoder, { mel: models.bundle.config.mel }), classify(head))
 *   .subscribe(({ start, label, probability }) => console.log(start / 16_000, label, probability));
 * ```
 */
export function classify(
  head: Head,
  options: ClassifyOptions = {},
): OperatorFunction<FeatureBlock | Control, Classification> {
  const windowTokens = tokens('windowMs', options.windowMs ?? head.windowMs);
  const hopTokens = tokens('hopMs', options.hopMs ?? head.hopMs);
  const { featureWidth: width, minSpeechMs } = head;
  const minSpeechTokens =
    minSpeechMs === undefined ? undefined : Math.min(windowTokens, minSpeechMs / TOKEN_MS);
  const create = () => createSlidingMean({ width, windowTokens, hopTokens, minSpeechTokens });
  return function classifyOperator(source) {
    return source.pipe(
      stateful(create),
      concatMap(async ({ vector, counted, ...when }): Promise<Classification> => {
        const heard = counted * TOKEN_SAMPLES;
        if (!vector) {
          const probabilities = new Float32Array(0);
          return { ...when, heard, label: null, probability: null, probabilities };
        }
        const probabilities = await head.classify(vector);
        const best = probabilities.indexOf(Math.max(...probabilities));
        const label = head.labels[best];
        return { ...when, heard, label, probability: probabilities[best], probabilities };
      }),
    );
  };
}

const WINDOWS: Rule = {
  holds: (ms) => ms >= TOKEN_MS && ms <= MAX_MS && ms % TOKEN_MS === 0,
  says: `a multiple of ${TOKEN_MS} up to ${MAX_MS}`,
};

function tokens(name: string, ms: number): number {
  return checkNumber(name, ms, WINDOWS) / TOKEN_MS;
}
