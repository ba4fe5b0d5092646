import { createLagHistogram } from './lagHistogram.ts';

/** Measures how long after its arrival audio was encoded. Samples are at 16 kHz. */
export interface LagMeter {
  /** Audio up to `sample` is here. */
  arrived(sample: number, now: number): void;
  /** Audio up to `sample` is encoded: returns milliseconds since the arrival of that sample. */
  processed(sample: number, now: number): number;
  /** The newest figure. */
  readonly latestMs: number;
  /** A quantile over the session. */
  quantile(q: number): number;
}

/** Arrivals closer than this are one: 5 ms of audio, so that one-sample messages cost no memory. */
const MARK_SAMPLES = 80;
/** Marks that there is room for at first, a power of two; half a second of audio in messages of 20 ms needs 25. */
const FIRST_MARKS = 32;

/**
 * Makes a meter without any audio. The marks of arrivals lie in a ring of plain numbers that grows when it is full: as
 * objects they would all grow old before they are done with, and cost more than the messages themselves.
 */
export function createLagMeter(): LagMeter {
  const histogram = createLagHistogram();
  let samples = new Float64Array(FIRST_MARKS);
  let times = new Float64Array(FIRST_MARKS);
  let first = 0;
  let count = 0;
  /** Sample of the mark before the last one. */
  let closed = 0;
  let lastSample = 0;
  let latestMs = 0;

  const placeOf = (index: number): number => (first + index) & (samples.length - 1);

  function grow(): void {
    const order = Array.from({ length: count }, (_, index) => placeOf(index));
    const wider = (values: Float64Array): Float64Array<ArrayBuffer> => {
      const copy = new Float64Array(2 * values.length);
      order.forEach((place, index) => (copy[index] = values[place]));
      return copy;
    };
    [samples, times] = [wider(samples), wider(times)];
    first = 0;
  }

  return {
    get latestMs() {
      return latestMs;
    },
    arrived(sample, now) {
      if (count === 0 || lastSample - closed >= MARK_SAMPLES) {
        closed = lastSample;
        if (count === samples.length) grow();
        count++;
      }
      const place = placeOf(count - 1);
      samples[place] = sample;
      times[place] = now;
      lastSample = sample;
    },
    processed(sample, now) {
      while (count > 1 && samples[first] < sample) {
        first = placeOf(1);
        count--;
      }
      latestMs = count === 0 ? 0 : Math.max(0, now - times[first]);
      histogram.add(latestMs);
      return latestMs;
    },
    quantile: (q) => histogram.quantile(q),
  };
}
