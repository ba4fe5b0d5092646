import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { loadModels } from '../../src/models/loadModels.ts';
import { fromPcm } from '../../src/streams/fromPcm.ts';
import { speechUnits } from '../../src/streams/speechUnits.ts';
import { lastValueFrom, toArray } from 'rxjs';
import { SMALL } from '../helpers/bundles.ts';
import type { InferenceThread } from '../../src/models/inference/threads.ts';
import { longSpeech, unitsIn } from '../helpers/pipeline.ts';
import { present } from '../helpers/require.ts';

describe.runIf(present('bundle small', existsSync(SMALL)))(
  'live streams while inference threads are killed',
  () => {
    it('give the units of an undisturbed run: 20 streams paced for ten seconds, ten deaths', async () => {
      const threads: InferenceThread[] = [];
      const models = await loadModels({ workers: 1, onThread: (thread) => threads.push(thread) });
      const streams = Array.from({ length: 20 }, (_, n) => longSpeech(10, 1 - n / 40, n));
      const run = (realtime: boolean) =>
        Promise.all(
          streams.map(async (samples) =>
            unitsIn(
              await lastValueFrom(
                speechUnits(fromPcm(samples, { realtime, chunkSamples: 320 }), models).pipe(
                  toArray(),
                ),
              ),
            ),
          ),
        );
      const undisturbed = await run(false);
      const disturbed = run(true);
      for (let death = 0; death < 10; death++) {
        await sleep(950);
        await threads.at(-1)!.kill();
      }
      expect(await disturbed).toEqual(undisturbed);
      expect(models.encoder.status().restarts).toBe(10);
      await models.close();
    }, 240_000);
  },
);
