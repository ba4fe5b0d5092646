import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { from, lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { loadModels } from '../../src/models/loadModels.ts';
import type { InferenceThread } from '../../src/models/inference/threads.ts';
import { fromPcm } from '../../src/streams/fromPcm.ts';
import { createStreamPool } from '../../src/streams/pool/streamPool.ts';
import type { Unit } from '../../src/core/types.ts';
import { BUNDLES, SMALL } from '../helpers/bundles.ts';
import { cutChunks } from '../helpers/cuts.ts';
import { longSpeech, unitsIn, wholeUnits } from '../helpers/pipeline.ts';
import { present } from '../helpers/require.ts';

const bundles = BUNDLES.filter(([name, directory]) =>
  present(`bundle ${name}`, existsSync(directory)),
);

describe.each(
  bundles.flatMap(([name, bundle]) =>
    (['int8', 'fp32'] as const).map((precision) => ({ name, bundle, precision })),
  ),
)('streams in a pool with bundle $name, $precision', ({ bundle, precision }) => {
  it.each([1, 2, 3, 4])(
    'give the units of a stream alone, whatever the chunks and the neighbours, over %i shard(s)',
    async (shards) => {
      const models = await loadModels({ bundle, precision, workers: 1, lm: false });
      const pool = await createStreamPool({ bundle, precision, shards, lm: false, patient: true });
      try {
        const streams = Array.from({ length: 8 }, (_, n) => longSpeech(5, n === 3 ? 0 : 1, n));
        const alone = await Promise.all(streams.map((samples) => wholeUnits(samples, models)));
        const mixed = await Promise.all(
          [...streams, ...streams].map(async (samples, n) => {
            const chunks$ = from(cutChunks(samples, n, 8000));
            return unitsIn(await lastValueFrom(pool.speechUnits(chunks$).pipe(toArray())));
          }),
        );
        expect(mixed).toEqual([...alone, ...alone]);
      } finally {
        await Promise.all([pool.close(), models.close()]);
      }
    },
  );
});

describe.runIf(present('bundle small', existsSync(SMALL)))('live streams in a pool', () => {
  it('give the units of an undisturbed run: 40 streams, ten deaths in ten seconds', async () => {
    const threads: InferenceThread[] = [];
    const pool = await createStreamPool({
      patient: true,
      lm: false,
      shards: 2,
      onThread: (thread) => threads.push(thread),
    });
    const streams = Array.from({ length: 40 }, (_, n) => longSpeech(10, 1 - n / 80, n));
    const run = (realtime: boolean): Promise<Unit[][]> =>
      Promise.all(
        streams.map(async (samples) => {
          const chunks$ = fromPcm(samples, { realtime, chunkSamples: 320 });
          return unitsIn(await lastValueFrom(pool.speechUnits(chunks$).pipe(toArray())));
        }),
      );
    const undisturbed = await run(false);
    const disturbed = run(true);
    for (let death = 0; death < 10; death++) {
      await sleep(950);
      await threads.at(-1 - (death % 2))!.kill();
    }
    expect(await disturbed).toEqual(undisturbed);
    expect(pool.status().restarts).toBeGreaterThanOrEqual(5);
    await pool.close();
  }, 240_000);
});
