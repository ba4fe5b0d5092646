import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scoreBoundaries } from '../../src/segments/scores.ts';
import { loadModels, type Models } from '../../src/models/loadModels.ts';
import { fromWav } from '../../src/streams/fromWav.ts';
import { speechUnits } from '../../src/streams/speechUnits.ts';
import type { Unit } from '../../src/core/types.ts';
import { lastValueFrom, toArray } from 'rxjs';
import { BUNDLES, TINY_WAVE } from '../helpers/bundles.ts';
import { unitsIn } from '../helpers/pipeline.ts';
import { present } from '../helpers/require.ts';

interface GoldenUnit {
  readonly id: number;
  readonly start: number;
  readonly end: number;
  readonly pause: boolean;
}

const bundles = [...BUNDLES, ['tiny wave', TINY_WAVE] as const].filter(([name, directory]) =>
  present(`bundle ${name}`, existsSync(directory)),
);

describe.each(
  bundles.flatMap(([name, directory]) =>
    (['fp32', 'int8'] as const).map((precision) => ({ name, directory, precision })),
  ),
)('golden units of bundle $name, $precision', ({ directory, precision }) => {
  let models: Models;
  let golden: GoldenUnit[];
  let units: Unit[];

  beforeAll(async () => {
    models = await loadModels({ bundle: directory, precision, workers: 1 });
    golden = (
      JSON.parse(readFileSync(join(directory, 'golden/units.json'), 'utf8')) as Record<
        string,
        GoldenUnit[]
      >
    )[precision]!;
    const chunks$ = fromWav(join(directory, 'golden/speech.wav'));
    units = unitsIn(
      await lastValueFrom(speechUnits(chunks$, models, { maxDelayMs: Infinity }).pipe(toArray())),
    );
  });
  afterAll(() => models.close());

  it('has the boundaries that Python finds over the whole file (F1 >= 0.999 at 20 ms)', () => {
    const ends = (list: readonly { end: number }[]): number[] => list.map(({ end }) => end);
    const { f1 } = scoreBoundaries(ends(units), ends(golden), { toleranceSamples: 320 });
    expect(f1).toBeGreaterThanOrEqual(0.999);
  });

  it('has the units and the pauses that Python finds', () => {
    const same = units.filter((unit) =>
      golden.some(
        (other) =>
          other.start === unit.start &&
          other.end === unit.end &&
          other.id === unit.id &&
          other.pause === unit.pause,
      ),
    );
    // int8 rows may round the other way between two builds of ONNX Runtime; fp32 may not change a unit.
    expect(same.length / golden.length).toBeGreaterThanOrEqual(precision === 'fp32' ? 0.999 : 0.9);
  });
});
