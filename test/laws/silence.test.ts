import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModels, type Models } from '../../src/models/loadModels.ts';
import { SMALL } from '../helpers/bundles.ts';
import { wholeUnits } from '../helpers/pipeline.ts';
import { present } from '../helpers/require.ts';
import { clipSamples } from '../helpers/speech.ts';

const SECONDS = 4;

/** Noise at a level under full scale, as 16 bits hold it: the same at each call. */
function noise(db: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: SECONDS * 16_000 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const even = (state / 2 ** 31 - 1) * Math.sqrt(3);
    return Math.round(even * 10 ** (db / 20) * 32_768) / 32_768;
  });
}

describe.runIf(present('models/small', existsSync(SMALL)))(
  'silence, to the bundle that ships',
  () => {
    let models: Models;
    beforeAll(async () => {
      models = await loadModels({ bundle: SMALL, workers: 1, lm: false });
    });
    afterAll(() => models.close());

    it.each([-Infinity, -90, -80, -70, -60])(
      'is pauses alone at %d dB of full scale',
      async (db) => {
        const units = await wholeUnits(noise(db), models);
        expect(units.filter(({ pause }) => !pause)).toEqual([]);
      },
    );

    it('is a pause to its end after speech too', async () => {
      const speech = clipSamples('kathleen-a0004');
      const whole = new Float32Array(speech.length + SECONDS * 16_000);
      whole.set(speech);
      const units = await wholeUnits(whole, models);
      const after = units.filter(({ start }) => start > speech.length + 8000);
      expect(after.length).toBeGreaterThan(0);
      expect(after.filter(({ pause }) => !pause)).toEqual([]);
      expect(units.filter(({ pause }) => !pause).length).toBeGreaterThan(6);
    });
  },
);
