import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bundle } from '../../src/models/bundle/bundle.ts';
import { createUnitLm } from '../../src/models/lm/createUnitLm.ts';
import type { LmPool } from '../../src/models/lm/lmPool.ts';
import { readBundle } from '../../src/models/bundle/manifest.ts';
import type { UnitLm } from '../../src/models/lm/unitLm.ts';
import {
  continuation,
  LM_BUNDLES,
  openPool,
  readLmGolden,
  sessionWith,
  someUnits,
  streamed,
} from '../helpers/lm.ts';

const cases = LM_BUNDLES.flatMap(([name, directory]) =>
  (['fp32', 'int8'] as const).map((precision) => ({ name, directory, precision })),
);

describe.each(cases)('the language model of $name, $precision', ({ directory, precision }) => {
  let bundle: Bundle;
  let pool: LmPool;
  let lm: UnitLm;
  let merged: number;
  beforeAll(async () => {
    bundle = await readBundle(directory);
    merged = bundle.config.units.merged;
    pool = await openPool(bundle, precision);
    lm = await createUnitLm(bundle, { precision, maxBatch: 64 });
  });
  afterAll(() => Promise.all([pool.close(), lm.close()]));

  /** Ids whose probabilities are compared: all of a small vocabulary, some of a large one. */
  const wantedOf = () => {
    const step = Math.max(1, Math.floor((merged + 2) / 6));
    return Array.from({ length: 6 }, (_, i) => Math.min(merged + 1, i * step));
  };

  const itInFp32 = (title: string, law: () => Promise<void>, timeoutMs: number): void => {
    if (precision === 'fp32') it(title, law, timeoutMs);
  };

  itInFp32(
    'gives what PyTorch gives for the whole sequence (1e-4), in chunks and unit by unit, past the window, in any company',
    async () => {
      const golden = readLmGolden(directory);
      const wanted = wantedOf();
      const n = golden.units.length;
      expect(n).toBeGreaterThan(bundle.lm!.windowUnits);
      // All in one batch mix: as a history, as a hypothesis from the start, and begun in the middle of a chunk.
      const splits = [n, 1, 8, 13, Math.floor(n / 2)];
      const found = await Promise.all(
        splits.map((split) => streamed(pool, bundle, golden.units, { split, wanted })),
      );
      const differences = found.map((rows) =>
        Math.max(
          ...rows.flatMap((row, i) =>
            row.map((value, w) => Math.abs(value - golden.logProbabilities[i][wanted[w]])),
          ),
        ),
      );
      console.log(
        `${directory}: largest differences ${differences.map((d) => d.toExponential(1)).join(', ')}`,
      );
      for (const difference of differences) expect(difference).toBeLessThan(1e-4);
    },
    300_000,
  );

  it('gives the same bits in any mix of a batch', async () => {
    const wanted = wantedOf().slice(0, 2);
    const runs = precision === 'fp32' && merged > 10 ? 4 : 8;
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            length: fc.integer({ min: 2, max: 40 }),
            salt: fc.nat(1000),
            part: fc.nat(100),
          }),
          { minLength: 2, maxLength: 24 },
        ),
        async (streams) => {
          const run = ({ length, salt, part }: (typeof streams)[number]) =>
            streamed(pool, bundle, someUnits(length, merged, salt), {
              split: 1 + Math.floor((part / 101) * length),
              wanted,
            });
          const together = await Promise.all(streams.map(run));
          for (const [i, stream] of streams.slice(0, 3).entries()) {
            expect(together[i]).toEqual(await run(stream));
          }
        },
      ),
      { numRuns: runs },
    );
  }, 300_000);

  it('draws the same units for a seed alone and in a batch of 64, whatever n', async () => {
    const units = someUnits(21, merged);
    const options = { units: 12, temperature: 1.3, topK: 1000, topP: 0.98, seed: 5 };
    const alone = await continuation(sessionWith(lm, units), options);
    const four = await continuation(sessionWith(lm, units), { ...options, n: 4 });
    expect(alone).toHaveLength(12);
    expect(four.filter(({ hypothesis }) => hypothesis === 0)).toEqual(alone);

    const crowd = Array.from({ length: 40 }, (_, i) =>
      sessionWith(lm, someUnits(10 + i, merged, i)),
    );
    const before = lm.status().batches[64] ?? 0;
    const [found] = await Promise.all([
      continuation(sessionWith(lm, units), { ...options, n: 4 }),
      ...crowd.map((session) => continuation(session, { ...options, n: 4, units: 20 })),
    ]);
    expect(lm.status().batches[64]).toBeGreaterThan(before);
    expect(found).toEqual(four);
    const other = await continuation(sessionWith(lm, units), { ...options, n: 4, seed: 6 });
    expect(other).not.toEqual(four);
  });

  it('answers the same however the history arrived', async () => {
    const { layers, windowUnits } = bundle.lm!;
    const units = someUnits(layers * windowUnits + windowUnits + 29, merged);
    const options = { n: 2, units: windowUnits > 100 ? 8 : 40, temperature: 1.5, topP: 1, seed: 3 };
    const atOnce = await continuation(sessionWith(lm, units), options);

    const live = lm.open();
    for (const [i, id] of units.entries()) {
      live.push({ id });
      if (i % 37 === 5) await continuation(live, { units: 2 });
    }
    expect(await continuation(live, options)).toEqual(atOnce);
    // And a second time from the same place.
    expect(await continuation(live, options)).toEqual(atOnce);
  }, 300_000);

  it('scores a sequence as its own continuation would find it, the same in any company', async () => {
    const sequences = Array.from({ length: 40 }, (_, i) =>
      someUnits(1 + ((i * 7) % 45), merged, i),
    );
    const together = await Promise.all(sequences.map((units) => lm.score(units)));
    for (const i of [0, 7, 39]) expect(await lm.score(sequences[i])).toEqual(together[i]);
    const greedy = await continuation(lm.open(), { units: 9, temperature: 0 });
    const { logProbabilities } = await lm.score(greedy.map(({ id }) => id));
    greedy.forEach(({ logProbability }, i) => {
      // Within rounding: a hypothesis goes unit by unit, a score by chunks.
      expect(logProbabilities[i]).toBeCloseTo(logProbability, precision === 'fp32' ? 3 : 0);
    });
    const all = await Promise.all([[], [1], [2, 0]].map((units) => lm.score(units)));
    for (const { logProbabilities: each, end } of all) {
      for (const value of [...each, end]) expect(value).toBeLessThan(0);
    }
  });
});
