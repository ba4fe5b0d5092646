import { from, lastValueFrom } from 'rxjs';
import { availableCores } from '../../src/models/inference/cores.ts';
import type { StreamPool } from '../../src/streams/pool/poolTypes.ts';
import type { PcmChunk } from '../../src/core/types.ts';
import { SAMPLE_RATE } from '../../src/core/time.ts';
import { readCpuTimes } from '../observe/cpuMeter.ts';
import type { CpuTimes } from '../observe/cpuMeter.ts';

/** Options of `calibrateCapacity()`. */
export interface CalibrationOptions {
  /** Where the streams run. */
  readonly pool: Pick<StreamPool, 'speechUnits' | 'status'>;
  /** Streams of a run; default 16. */
  readonly streams?: number;
  /** Audio of each, in seconds; default 1. */
  readonly seconds?: number;
  /** Milliseconds for all runs; default 2,000. */
  readonly budgetMs?: number;
  /** Cores that there are; default those of the machine or of the process's control group. */
  readonly cores?: number;
  /** Where CPU times come from; undefined: they are not known, and the clock has to do. */
  readonly cpuTimes?: () => CpuTimes | undefined;
}

/**
 * Part of the measured speed that live streams may use: the rest is for sockets, for bursts, and so that the queue of
 * the workers stays short (waiting grows as 1 / (1 − load)).
 */
const USABLE_PART = 0.6;
/** Runs that there are whatever they take, up to so many times the budget. */
const MIN_RUNS = 5;
const MAX_TIMES = 5;
/** A chunk as clients send it. */
const CHUNK_SAMPLES = SAMPLE_RATE / 50;

/**
 * Runs some streams of noise as fast as they go through the real pipeline, again and again, at least five times, and returns how
 * many live streams the process carries, at least 1. What a stream costs is CPU time of the threads, not time of the clock: it
 * is the same whatever else the machine does at the start. A run is bound by its busiest thread, or by the cores that there
 * are; the cheapest run tells most, because the first ones warm everything up. Where CPU times are not known, the clock tells.
 */
export async function calibrateCapacity(options: CalibrationOptions): Promise<number> {
  const { streams = 16, seconds = 1, budgetMs = 2000 } = options;
  const { cores = availableCores(), cpuTimes = readCpuTimes } = options;
  const workers = options.pool.status().workers;
  const began = performance.now();
  let cheapestMs = Infinity;
  for (let runs = 0; ; runs++) {
    const start = performance.now();
    const passed = start - began;
    if (passed >= budgetMs && (runs >= MIN_RUNS || passed >= MAX_TIMES * budgetMs)) break;
    const before = cpuTimes();
    await run(options, streams, seconds);
    const after = cpuTimes();
    const clockMs = performance.now() - start;
    const cost = before && after ? busiestMs(before, after, workers, cores) : clockMs;
    cheapestMs = Math.min(cheapestMs, cost);
  }
  return Math.max(1, Math.floor((USABLE_PART * streams * seconds * 1000) / cheapestMs));
}

/** Milliseconds that a run would take by itself: those of its busiest thread, or of all of them on the cores there are. */
function busiestMs(before: CpuTimes, after: CpuTimes, workers: number, cores: number): number {
  const allMs = after.allMs - before.allMs;
  const mainMs = after.mainMs - before.mainMs;
  return Math.max(mainMs, (allMs - mainMs) / workers, allMs / cores, mainMs / Math.min(1, cores));
}

async function run({ pool }: CalibrationOptions, streams: number, seconds: number): Promise<void> {
  const runs = Array.from({ length: streams }, (_, index) =>
    lastValueFrom(pool.speechUnits(from(noise(seconds, index + 1))), {
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
