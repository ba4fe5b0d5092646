import { between, checkNumber } from '../core/check.ts';
import { msToSamples } from '../core/time.ts';

/**
 * Holds a source back until the pipeline has caught up. RxJS has no back-pressure: without it a file is read as fast as the
 * disk gives it and waits in memory before the encoder.
 *
 * `speechUnits(fromFile(…))` has one by itself. It takes one of yours where an operator stands between the two, or where you
 * build the pipeline from its parts. One gate serves one subscription. The source asks `ready`, the far end of the pipeline
 * tells `processed`:
 *
 * ```ts
 * const gate = createGate();
 * const chunks$ = fromFile('talk.mp3', { gate }).pipe(tap(meter));
 * speechUnits(chunks$, models, { onProgress: gate.processed }).subscribe(console.log);
 * ```
 */
export interface Gate {
  /** Resolves when the samples (16 kHz) from `sample` on may be sent: at once unless the pipeline is too far behind. */
  readonly ready: (sample: number) => Promise<void>;
  /** Tells that everything before `sample` (16 kHz) is processed; a sample before the last one told changes nothing. */
  readonly processed: (sample: number) => void;
}

/** Options of `createGate()`. */
export interface GateOptions {
  /**
   * How far the source may be ahead of the pipeline, in milliseconds of audio: 1,000 or more, so that the pipeline, which
   * waits for whole encoder chunks, never waits for a source that waits for it. Default 2,000.
   */
  readonly aheadMs?: number | undefined;
}

/** The encoder's longest chunk, 640 ms, and its window and delay fit in well. */
const MIN_AHEAD_MS = 1_000;

/**
 * Creates a gate. Memory stays bounded by `aheadMs` of audio and one chunk of the source.
 *
 * @throws RangeError when `aheadMs` is under 1,000 or not a number
 */
export function createGate({ aheadMs = 2_000 }: GateOptions = {}): Gate {
  checkNumber('aheadMs', aheadMs, between(MIN_AHEAD_MS));
  const aheadSamples = msToSamples(aheadMs);
  let done = 0;
  let waiting: { readonly sample: number; readonly open: () => void }[] = [];

  return {
    ready(sample) {
      if (sample - done <= aheadSamples) return Promise.resolve();
      return new Promise((open) => waiting.push({ sample, open }));
    },
    processed(sample) {
      if (sample <= done) return;
      done = sample;
      const opened = waiting.filter((entry) => entry.sample - done <= aheadSamples);
      waiting = waiting.filter((entry) => entry.sample - done > aheadSamples);
      for (const { open } of opened) open();
    },
  };
}
