import { ignoreElements, timer } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { calibrateCapacity } from '../../../server/admission/calibrate.ts';
import type { CpuTimes } from '../../../server/observe/cpuMeter.ts';
import { type StreamPool } from '../../../src/streams/pool/poolTypes.ts';
import { createStreamPool } from '../../../src/streams/pool/streamPool.ts';
import { TINY } from '../../helpers/bundles.ts';

let pool: StreamPool;
beforeAll(async () => {
  pool = await createStreamPool({ bundle: TINY, shards: 1, lm: false });
});
afterAll(() => pool.close());

/** CPU times of a process whose runs cost so much, one after the other. */
function costs(...runs: CpuTimes[]) {
  const sum = { mainMs: 0, allMs: 0 };
  let read = 0;
  return () => {
    if (read++ % 2 === 1) {
      const cost = runs[Math.min(runs.length, read / 2) - 1];
      sum.mainMs += cost.mainMs;
      sum.allMs += cost.allMs;
    }
    return { ...sum };
  };
}

describe('calibrateCapacity', () => {
  /** The pool, but every stream takes so long and nothing else. */
  const taking = (ms: number) => ({
    status: pool.status,
    speechUnits: () => timer(ms).pipe(ignoreElements()),
  });
  const measure = (cores: number, ...runs: CpuTimes[]) =>
    calibrateCapacity({ pool: taking(1), budgetMs: 100, cores, cpuTimes: costs(...runs) });

  it.each([
    ['the worker is busiest', 2, { mainMs: 50, allMs: 150 }, 96], // 16 s of audio in 0.1 s
    ['the main thread is busiest', 2, { mainMs: 100, allMs: 150 }, 96],
    ['there is less than a core for each', 1, { mainMs: 50, allMs: 150 }, 64],
    ['there is half a core', 0.5, { mainMs: 50, allMs: 150 }, 32],
  ])('is six tenths of what CPU time allows: %s', async (_, cores, cost, capacity) => {
    expect(await measure(cores, cost)).toBe(capacity);
  });

  it('goes by the cheapest of at least five runs', async () => {
    const slow = { mainMs: 50, allMs: 450 };
    const cheap = { mainMs: 50, allMs: 150 };
    expect(await measure(2, slow, slow, slow, slow, cheap)).toBe(96);
  });

  it('goes by the clock where CPU times are not known', async () => {
    const cpuTimes = () => undefined;
    const capacity = await calibrateCapacity({ pool: taking(100), budgetMs: 1, cpuTimes });
    expect(capacity).toBeLessThanOrEqual(96);
  });

  it('is at least one on the slowest machine', async () => {
    expect(await measure(2, { mainMs: 1e6, allMs: 1e6 })).toBe(1);
  });

  it('runs the real encoder', async () => {
    const before = pool.status().steps;
    expect(await calibrateCapacity({ pool, budgetMs: 200 })).toBeGreaterThan(0);
    expect(pool.status().steps - before).toBeGreaterThan(16 * 5);
    expect(pool.status().batches.findLastIndex((runs) => runs > 0)).toBeGreaterThan(4);
  });
});
