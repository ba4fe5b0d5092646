import { from, lastValueFrom } from 'rxjs';
import type { Models } from '../src/models/loadModels.ts';
import type { speechUnits } from '../src/streams/speechUnits.ts';
import type { PcmChunk } from '../src/types.ts';
import { SAMPLE_RATE } from '../src/units.ts';

/** Options of `measureCapacity()`. */
export interface CalibrationOptions {
  readonly models: Models;
  readonly pipeline: typeof speechUnits;
  /** Streams of a run; default 16. */
  readonly streams?: number;
  /** Audio of each, in seconds; default 1. */
  readonly seconds?: number;
  /** Milliseconds for all runs; default 2,000. */
  readonly budgetMs?: number;
}

/**
 * Part of the measured speed that live streams may use: the rest is for sockets, for bursts, and so that the queue of
 * the workers stays short (waiting grows as 1 / (1 − load)).
 */
const USABLE_PART = 0.6;
/** A chunk as clients send it. */
const CHUNK_SAMPLES = SAMPLE_RATE / 50;

/**
 * Runs some streams of noise as fast as they go through the real pipeline, again and again, and returns how many live
 * streams the fastest run's speed carries, at least 1. The first runs warm everything up; what else the machine does
 * can only make a run slower, so the fastest one tells most.
 */
export async function measureCapacity(options: CalibrationOptions): Promise<number> {
  const { streams = 16, seconds = 1, budgetMs = 2000 } = options;
  const began = performance.now();
  let fastestMs = Infinity;
  for (let now = began; now - began < budgetMs; now = performance.now()) {
    await run(options, streams, seconds);
    fastestMs = Math.min(fastestMs, performance.now() - now);
  }
  return Math.max(1, Math.floor((USABLE_PART * streams * seconds * 1000) / fastestMs));
}

async function run(
  { models, pipeline }: CalibrationOptions,
  streams: number,
  seconds: number,
): Promise<void> {
  const runs = Array.from({ length: streams }, (_, index) =>
    lastValueFrom(pipeline(from(noise(seconds, index + 1)), models, {}), {
      defaultValue: undefined,
    }),
  );
  await Promise.all(runs);
}

/** Noise that swells four times a second, as speech does; a linear congruential generator (Numerical Recipes). */
function* noise(seconds: number, seed: number): Generator<PcmChunk> {
  let state = seed;
  for (let first = 0; first < seconds * SAMPLE_RATE; first += CHUNK_SAMPLES) {
    const samples = Float32Array.from({ length: CHUNK_SAMPLES }, (_, index) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const swell = 1 + Math.sin((2 * Math.PI * 4 * (first + index)) / SAMPLE_RATE);
      return 0.1 * swell * (state / 2 ** 31 - 1);
    });
    yield { samples };
  }
}
