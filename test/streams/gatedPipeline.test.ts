import { lastValueFrom, tap, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModels } from '../../src/models/loadModels.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { createGate } from '../../src/streams/gate.ts';
import { fromPcm } from '../../src/streams/fromPcm.ts';
import { speechUnits } from '../../src/streams/speechUnits.ts';
import { TINY } from '../helpers/bundles.ts';
import { longSpeech, unitsIn, wholeUnits } from '../helpers/pipeline.ts';

describe('a gate between a file and the pipeline', () => {
  let models: Models;
  beforeAll(async () => {
    models = await loadModels({ bundle: TINY, workers: 1 });
  });
  afterAll(() => models.close());

  it.each([
    [1000, 1600],
    [2000, 160],
    [2000, 16_000],
  ])(
    'keeps the source within %i ms of the encoder, in chunks of %i, and the units as they are',
    async (aheadMs, chunkSamples) => {
      const samples = longSpeech(20);
      const gate = createGate({ aheadMs });
      let sent = 0;
      let processed = 0;
      let furthest = 0;
      const chunks$ = fromPcm(samples, { gate, chunkSamples }).pipe(
        tap((chunk) => {
          sent += chunk.samples.length;
          furthest = Math.max(furthest, sent - processed);
        }),
      );
      const events = await lastValueFrom(
        speechUnits(chunks$, models, {
          onProgress(sample) {
            processed = sample;
            gate.processed(sample);
          },
        }).pipe(toArray()),
      );
      expect(sent).toBe(samples.length);
      expect(furthest).toBeLessThanOrEqual(16 * aheadMs + chunkSamples);
      expect(furthest).toBeGreaterThan(8 * aheadMs);
      expect(unitsIn(events)).toEqual(await wholeUnits(samples, models));
    },
  );
});
