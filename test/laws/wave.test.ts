import { lastValueFrom, of, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeatureBlock, Unit } from '../../src/core/types.ts';
import { loadModels, type Models } from '../../src/models/loadModels.ts';
import { encode } from '../../src/operators/encode.ts';
import { logMel } from '../../src/operators/logMel.ts';
import { segmentOffline } from '../../src/segments/segmentOffline.ts';
import { createStreamPool } from '../../src/streams/pool/streamPool.ts';
import { TINY_WAVE } from '../helpers/bundles.ts';
import { cutUnits, longSpeech, unitsIn, wholeUnits } from '../helpers/pipeline.ts';
import { cutChunks } from '../helpers/cuts.ts';
import { joinBlocks } from '../helpers/rows.ts';

const edges = (units: readonly { end: number }[]): number[] => units.map(({ end }) => end);
/** Speech, quieter and from other places, and silence. */
const neighbours = Array.from({ length: 6 }, (_, n) => longSpeech(3, n === 3 ? 0 : 1 - n / 10, n));

describe.each(['int8', 'fp32'] as const)(
  'the laws with an encoder that hears windows, %s',
  (precision) => {
    let models: Models;
    let speech: Float32Array;
    let whole: Unit[];
    beforeAll(async () => {
      models = await loadModels({ bundle: TINY_WAVE, precision, workers: 2 });
      speech = longSpeech(5);
      whole = await wholeUnits(speech, models);
    });
    afterAll(() => models.close());

    it('1: gives the same units for any cut into chunks, `decided` included', async () => {
      expect(whole.length).toBeGreaterThan(8);
      const cuts = [1, 2, 3].map((seed) => cutUnits(speech, models, seed));
      for (const units of await Promise.all(cuts)) expect(units).toEqual(whole);
    });

    it('2: gives the same units in any mix of streams', async () => {
      const alone: Unit[][] = [];
      for (const samples of neighbours) alone.push(await wholeUnits(samples, models));
      const mixed = Promise.all(
        [...neighbours, ...neighbours].map((samples, n) => cutUnits(samples, models, n)),
      );
      expect(await mixed).toEqual([...alone, ...alone]);
    });

    it('3: equals the whole-file search over the features of its windows', async () => {
      const { boundaries, encoder, units, mel } = models.bundle.config;
      const config = { ...boundaries, ...units, featureWidth: encoder.featureWidth };
      const front = logMel({ wave: models.encoder.shape.wave });
      const blocks = await lastValueFrom(
        of({ samples: speech }).pipe(front, encode(models.encoder, { mel }), toArray()),
      );
      const { tokens, features } = joinBlocks(blocks);
      const { availableSample } = blocks.at(-1) as FeatureBlock;
      const rows = { tokens, features, firstToken: 0, availableSample, scratch: false };
      const patient = await wholeUnits(speech, models, { maxDelayMs: Infinity });
      expect(edges(patient)).toEqual(edges(segmentOffline(rows, { config })));
      expect(patient.every(({ forced }) => !forced)).toBe(true);
    });
  },
);

describe('streams in a pool whose encoder hears windows', () => {
  it('give the units of a stream alone', async () => {
    const models = await loadModels({ bundle: TINY_WAVE, workers: 1 });
    const pool = await createStreamPool({ bundle: TINY_WAVE, shards: 2 });
    try {
      const alone = await Promise.all(neighbours.map((samples) => wholeUnits(samples, models)));
      const run = Promise.all(
        neighbours.map(async (samples, n) => {
          const events$ = pool.speechUnits(of(...cutChunks(samples, n, 4000)));
          return unitsIn(await lastValueFrom(events$.pipe(toArray())));
        }),
      );
      expect(await run).toEqual(alone);
    } finally {
      await Promise.all([pool.close(), models.close()]);
    }
  });
});
