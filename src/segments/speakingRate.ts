import { above, between, checkNumber } from '../core/check.ts';
import type { Unit } from '../core/types.ts';
import { msToSamples, SAMPLE_RATE, toSeconds } from '../core/time.ts';
import type { Machine } from '../core/machine.ts';

/** What a rate meter needs of a unit: where it is and whether it is a pause. */
export type SpokenSpan = Pick<Unit, 'start' | 'end' | 'pause'>;

/** How somebody spoke over the last seconds. */
export interface RateWindow {
  /** The window asked for, in seconds. */
  readonly windowSeconds: number;
  /** What of it there is: less than `windowSeconds` only at the beginning of a stream. */
  readonly seconds: number;
  /** Units in it; one that the window's edge cuts counts by its part inside. */
  readonly units: number;
  /** Speech rate: units a second, pauses included. */
  readonly speechRate: number;
  /** Articulation rate: units a second of the time without pauses; 0 where nobody spoke. */
  readonly articulationRate: number;
  /** Pauses that lie in it, whole or in part. */
  readonly pauses: number;
  /** Seconds of pause in it. */
  readonly pauseSeconds: number;
  /** `pauseSeconds` a pause; 0 without one. */
  readonly meanPauseSeconds: number;
}

/** A reading of the meter. */
export interface SpeakingRate {
  /** The sample at 16 kHz at which all windows end: the end of the unit that gave the reading. */
  readonly sample: number;
  /** One for each window asked for, in that order. */
  readonly windows: readonly RateWindow[];
}

/** Options of `speakingRate()`. */
export interface SpeakingRateOptions {
  /** Lengths of the windows in seconds of audio, each above 0 and at most 3,600; default 3, 10 and 20. */
  readonly windowsSeconds?: readonly number[] | undefined;
  /**
   * Milliseconds from which on a silence counts as a pause, 0 to 10,000; default 250: shorter ones are mostly the
   * closures of stops (Goldman-Eisler, Psycholinguistics, 1968; De Jong and Bosker, DiSS 2013, confirm it for rates).
   */
  readonly minPauseMs?: number | undefined;
}

/** The three spans that users of such meters ask for: a phrase, a breath group or two, a turn. */
export const RATE_WINDOWS_SECONDS: readonly number[] = [3, 10, 20];
/** The least silence that counts as a pause where nothing else is asked for. */
export const MIN_PAUSE_MS = 250;
const MAX_WINDOW_SECONDS = 3600;
const MAX_MIN_PAUSE_MS = 10_000;

/**
 * Creates the machine behind `speakingRate()`. Silent units that follow each other are one pause (the segmenter cuts a
 * long silence every second). It holds the spans of the longest window and one more.
 *
 * Throws RangeError from `push` for a span that is empty or does not begin where the one before ended.
 *
 * @throws TypeError, RangeError when an option is not what it must be
 */
export function createSpeakingRate(
  options: SpeakingRateOptions = {},
): Machine<SpokenSpan, SpeakingRate> {
  const { windowsSeconds = RATE_WINDOWS_SECONDS, minPauseMs = MIN_PAUSE_MS } = options;
  checkWindows(windowsSeconds);
  checkNumber('minPauseMs', minPauseMs, between(0, MAX_MIN_PAUSE_MS));
  const lengths = windowsSeconds.map((seconds) => Math.round(seconds * SAMPLE_RATE));
  const longest = Math.max(...lengths);
  const minPause = msToSamples(minPauseMs);
  const spans: SpokenSpan[] = [];
  let origin = 0;

  function remember({ start, end, pause }: SpokenSpan): void {
    const last = spans.at(-1);
    const expected = last?.end ?? start;
    if (start !== expected || end <= start) {
      throw new RangeError(
        `a unit must begin at ${expected} and end later, got ${start} to ${end}`,
      );
    }
    if (last === undefined) origin = start;
    if (pause && last?.pause === true) spans[spans.length - 1] = { start: last.start, end, pause };
    else spans.push({ start, end, pause });
    while (spans[0].end <= end - longest) spans.shift();
  }

  function reading(end: number, samples: number, windowSeconds: number): RateWindow {
    const from = Math.max(origin, end - samples);
    let units = 0;
    let pauses = 0;
    let pauseSamples = 0;
    for (let n = spans.length - 1; n >= 0 && spans[n].end > from; n--) {
      const span = spans[n];
      const inside = span.end - Math.max(span.start, from);
      if (!span.pause) units += inside / (span.end - span.start);
      else if (span.end - span.start >= minPause) {
        pauses++;
        pauseSamples += inside;
      }
    }
    const spoken = end - from - pauseSamples;
    const seconds = toSeconds(end - from);
    const pauseSeconds = toSeconds(pauseSamples);
    return {
      windowSeconds,
      seconds,
      units,
      speechRate: units / seconds,
      articulationRate: spoken > 0 ? units / toSeconds(spoken) : 0,
      pauses,
      pauseSeconds,
      meanPauseSeconds: pauses > 0 ? pauseSeconds / pauses : 0,
    };
  }

  return {
    push(span) {
      remember(span);
      const windows = lengths.map((samples, n) => reading(span.end, samples, windowsSeconds[n]));
      return [{ sample: span.end, windows }];
    },
    flush: () => [],
  };
}

function checkWindows(windows: readonly number[]): void {
  if (!Array.isArray(windows) || windows.length === 0) {
    throw new TypeError(
      `windowsSeconds must be a list of at least one number, got ${JSON.stringify(windows)}`,
    );
  }
  for (const seconds of windows) {
    checkNumber('windowsSeconds', seconds, above(0, MAX_WINDOW_SECONDS));
  }
}
