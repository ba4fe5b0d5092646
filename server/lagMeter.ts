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

/** Makes a meter without any audio. */
export function createLagMeter(): LagMeter {
  const histogram = createLagHistogram();
  let marks: { sample: number; at: number }[] = [];
  let first = 0;
  let closed = 0;
  let latestMs = 0;
  return {
    get latestMs() {
      return latestMs;
    },
    arrived(sample, now) {
      const last = marks.at(-1);
      if (last !== undefined && marks.length > first && last.sample - closed < MARK_SAMPLES) {
        last.sample = sample;
        last.at = now;
        return;
      }
      closed = last?.sample ?? 0;
      marks.push({ sample, at: now });
    },
    processed(sample, now) {
      while (first < marks.length - 1 && marks[first].sample < sample) first++;
      const at = marks[first]?.at ?? now;
      if (first > 256) {
        marks = marks.slice(first);
        first = 0;
      }
      latestMs = Math.max(0, now - at);
      histogram.add(latestMs);
      return latestMs;
    },
    quantile: (q) => histogram.quantile(q),
  };
}
