import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { segmentOffline } from '../../src/segments/segmentOffline.ts';
import { scoreBoundaries } from '../../src/segments/scores.ts';
import { loadModels, type Models } from '../../src/models/loadModels.ts';
import { encode } from '../../src/operators/encode.ts';
import { logMel } from '../../src/operators/logMel.ts';
import { lastValueFrom, of, toArray } from 'rxjs';
import type { FeatureBlock, Unit } from '../../src/core/types.ts';
import { BUNDLES } from '../helpers/bundles.ts';
import { cutUnits, longSpeech, wholeUnits } from '../helpers/pipeline.ts';
import { present } from '../helpers/require.ts';
import { joinBlocks } from '../helpers/rows.ts';

const bundles = BUNDLES.filter(([name, directory]) =>
  present(`bundle ${name}`, existsSync(directory)),
);
const edges = (units: readonly { end: number }[]): number[] => units.map(({ end }) => end);
const gain = (samples: Float32Array, by: number): Float32Array =>
  samples.map((value) => value * by);

describe.each(
  bundles.flatMap(([name, directory]) =>
    (['int8', 'fp32'] as const).map((precision) => ({ name, directory, precision })),
  ),
)('the laws with bundle $name, $precision', ({ directory, precision }) => {
  let models: Models;
  let speech: Float32Array;
  let whole: Unit[];

  beforeAll(async () => {
    models = await loadModels({ bundle: directory, precision, workers: 1 });
    speech = longSpeech(14);
    whole = await wholeUnits(speech, models);
  });
  afterAll(() => models.close());

  it('finds units in speech that tile the audio from its first sample on', () => {
    expect(whole.length).toBeGreaterThan(14);
    whole.forEach((unit, i) => {
      expect(unit.index).toBe(i);
      expect(unit.start).toBe(i === 0 ? 0 : whole[i - 1].end);
      expect(unit.end).toBeGreaterThan(unit.start);
      expect(unit.decided).toBeGreaterThanOrEqual(i === 0 ? 0 : whole[i - 1].decided);
      expect('confidence' in unit).toBe(!unit.pause);
      expect(unit.confidence ?? 0).toBeGreaterThanOrEqual(0);
      expect(unit.confidence ?? 0).toBeLessThanOrEqual(1);
    });
  });

  it('1: gives the same units for any cut into chunks, `decided` included', async () => {
    const cuts = [1, 2, 3, 4].map((seed) => cutUnits(speech, models, seed));
    const short = cutUnits(speech.subarray(0, 32_000), models, 5, { longest: 2 });
    for (const units of await Promise.all(cuts)) expect(units).toEqual(whole);
    expect(await short).toEqual(await wholeUnits(speech.subarray(0, 32_000), models));
  });

  it.each([1, 3])(
    '2: gives the same units in any mix of streams, with %i worker(s)',
    async (workers) => {
      const own = await loadModels({ bundle: directory, precision, workers });
      try {
        const peak = speech.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        const loud = gain(speech, 1 / peak);
        const silent = new Float32Array(speech.length);
        const count = 16 + 12 * workers;
        const others = [
          loud,
          silent,
          longSpeech(9, 0.3, 1),
          longSpeech(11, 2, 2),
          gain(speech, -0.01),
        ];
        const before = own.encoder.status();
        const mixed = Promise.all([
          ...Array.from({ length: count }, (_, i) =>
            cutUnits(speech, own, 10 + i, { longest: 8000 }),
          ),
          ...others.map((samples, i) => cutUnits(samples, own, 600 + i)),
        ]);
        const units = await mixed;
        for (const each of units.slice(0, count)) expect(each).toEqual(whole);
        const after = own.encoder.status();
        const runs = after.batches.reduce((sum, n, size) => sum + n - before.batches[size], 0);
        expect((after.steps - before.steps) / runs).toBeGreaterThanOrEqual(8);
        for (const [i, samples] of others.entries()) {
          expect(units[count + i]).toEqual(await wholeUnits(samples, models));
        }
      } finally {
        await own.close();
      }
    },
  );

  it('3: equals the whole-file search with full backtrace, exactly without a bound on the delay', async () => {
    const { boundaries, encoder, units, mel } = models.bundle.config;
    const config = {
      ...boundaries,
      trimTokens: units.trimTokens,
      featureWidth: encoder.featureWidth,
    };
    const blocks = await lastValueFrom(
      of({ samples: speech }).pipe(logMel(), encode(models.encoder, { mel }), toArray()),
    );
    const rows = joinBlocks(blocks);
    const { availableSample } = blocks.at(-1) as FeatureBlock;
    const offline = segmentOffline(
      { ...rows, firstToken: 0, availableSample, scratch: false },
      { config },
    );
    const patient = await wholeUnits(speech, models, { maxDelayMs: Infinity });
    expect(edges(patient)).toEqual(edges(offline));
    expect(patient.map(({ pause }) => pause)).toEqual(offline.map(({ pause }) => pause));
    expect(patient.every(({ forced }) => !forced)).toBe(true);
    const { f1 } = scoreBoundaries(edges(whole), edges(offline), { toleranceSamples: 320 });
    expect(f1).toBeGreaterThanOrEqual(0.99);
  });

  it('decides every boundary within maxDelayMs of audio time', async () => {
    for (const maxDelayMs of [300, 800]) {
      const units = await wholeUnits(speech, models, { maxDelayMs });
      const last = units.at(-1)!;
      for (const unit of units) {
        if (unit !== last)
          expect(unit.decided - unit.end).toBeLessThanOrEqual(
            16 * Math.max(maxDelayMs, 300) + 2560,
          );
      }
    }
  });
});
