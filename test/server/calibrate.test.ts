import { ignoreElements, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { measureCapacity } from '../../server/calibrate.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { loadModels } from '../../src/models/loadModels.ts';
import { speechUnits } from '../../src/streams/speechUnits.ts';
import { TINY } from '../helpers/bundles.ts';

describe('measureCapacity', () => {
  it('is six tenths of the measured speed', async () => {
    const capacity = await measureCapacity({
      models: {} as Models,
      pipeline: () => timer(100).pipe(ignoreElements()), // 16 s of audio in 0.1 s
      budgetMs: 300,
    });
    expect(capacity).toBeGreaterThan(40);
    expect(capacity).toBeLessThanOrEqual(96);
  });

  it('is at least one on the slowest machine', async () => {
    const pipeline: typeof speechUnits = () => timer(300).pipe(ignoreElements());
    const options = { models: {} as Models, pipeline, streams: 1, seconds: 0.1, budgetMs: 1 };
    expect(await measureCapacity(options)).toBe(1);
  });

  it('runs the real encoder', async () => {
    const models = await loadModels({ bundle: TINY, workers: 1 });
    const before = models.encoder.status().steps;
    expect(await measureCapacity({ models, pipeline: speechUnits, budgetMs: 200 })).toBeGreaterThan(
      0,
    );
    expect(models.encoder.status().steps - before).toBeGreaterThan(16 * 5);
    expect(models.encoder.status().batches.findLastIndex((runs) => runs > 0)).toBeGreaterThan(4);
    await models.close();
  });
});
