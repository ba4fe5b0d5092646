import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { PipelineError } from '../core/errors.ts';
import type { Models } from '../models/loadModels.ts';
import type { Rate, Unit } from '../core/types.ts';
import { collectUnits } from './collectUnits.ts';
import { fromWav } from './fromWav.ts';
import { speechUnits } from './speechUnits.ts';

/** How the units of a bundle's own recording compare with those that the bundle says it has. */
export interface GoldenReport {
  /** Units that the bundle says. */
  readonly expected: number;
  /** Units found here. */
  readonly found: number;
  /** Of these, with the same start, end and id. */
  readonly equal: number;
}

type GoldenUnit = Pick<Unit, 'id' | 'start' | 'end'>;

/**
 * Runs a bundle's golden recording through the pipeline and compares the units with `golden/units.json`, which Python
 * wrote from a search over the whole file. On another processor a few of them may differ by rounding.
 *
 * @throws PipelineError SYLSTREAM_ERR_BUNDLE_MISSING when the bundle has no golden files; those of the pipeline
 */
export async function checkGolden(
  models: Models,
  precision: 'int8' | 'fp32',
): Promise<GoldenReport> {
  const folder = join(models.bundle.directory, 'golden');
  const text = await readFile(join(folder, 'units.json'), 'utf8').catch((cause: unknown) => {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_MISSING',
      `expected ${join(folder, 'units.json')}, found none; export the bundle again (docs/bundle.md)`,
      { cause },
    );
  });
  const golden = JSON.parse(text) as { rate: Rate } & Record<typeof precision, GoldenUnit[]>;
  const expected = golden[precision];
  const options = { rate: golden.rate, maxDelayMs: Number.POSITIVE_INFINITY };
  const found = await firstValueFrom(
    speechUnits(fromWav(join(folder, 'speech.wav')), models, options).pipe(collectUnits()),
  );
  const key = ({ id, start, end }: GoldenUnit): string => `${id} ${start} ${end}`;
  const known = new Set(expected.map(key));
  const equal = found.filter((unit) => known.has(key(unit))).length;
  return { expected: expected.length, found: found.length, equal };
}
