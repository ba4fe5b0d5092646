import type { OperatorFunction } from 'rxjs';
import { createSpeakingRate } from '../segments/speakingRate.ts';
import type { SpeakingRate, SpeakingRateOptions, SpokenSpan } from '../segments/speakingRate.ts';
import { stateful } from './stateful.ts';

/**
 * Measures how fast somebody speaks: for every final unit one reading of speech rate, articulation rate and pauses over
 * the last 3, 10 and 20 seconds of audio. A function of the units alone, never of the clock.
 *
 * Each subscription keeps the spans of its longest window.
 *
 * - `windowsSeconds`: the windows, each above 0 and at most 3,600 s; default `[3, 10, 20]`.
 * - `minPauseMs`: the shortest silence that counts as a pause, 0 to 10,000; default 250.
 *
 * In: units in order and without holes, as `speechUnits()` and the client give them. With `merge` equal neighbours are
 * one unit, and the rates are so much lower. Out: one `SpeakingRate` a unit, pauses included, so a meter falls while
 * nobody speaks. Speech rate counts units a second, pauses included; articulation rate leaves the pauses out.
 *
 * Throws `TypeError` or `RangeError` for an option that is not what it must be. Errors: `RangeError` for a unit that is
 * empty or does not begin where the one before ended.
 *
 * ```ts
 * speechUnits(fromFile('speech.wav'), models)
 *   .pipe(
 *     concatMap((event) => (event.type === 'unit' ? [event.unit] : [])),
 *     speakingRate({ windowsSeconds: [10] }),
 *   )
 *   .subscribe(({ windows: [last10] }) => console.log(last10.speechRate.toFixed(1)));
 * ```
 */
export function speakingRate(
  options: SpeakingRateOptions = {},
): OperatorFunction<SpokenSpan, SpeakingRate> {
  createSpeakingRate(options); // throws here, where the mistake is, and not when somebody subscribes
  return stateful(() => createSpeakingRate(options));
}
