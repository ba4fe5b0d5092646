import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeS16le } from '../../src/audio/pcm.ts';
import { loadModels, type Models } from '../../src/models/loadModels.ts';
import { checkGolden } from '../../src/streams/checkGolden.ts';
import { createStreamPool } from '../../src/streams/pool/streamPool.ts';
import { TINY_WAVE } from '../helpers/bundles.ts';
import { seeded } from '../helpers/cuts.ts';
import { longSpeech } from '../helpers/pipeline.ts';
import { withPool } from '../helpers/server.ts';
import { finals, localEvents, remoteEvents } from '../helpers/wireScript.ts';
import type { Script } from '../helpers/wireScript.ts';

let models: Models;
beforeAll(async () => {
  models = await loadModels({ bundle: TINY_WAVE, workers: 1 });
});
afterAll(() => models.close());

it('an imported bundle has its golden units', async () => {
  const { expected, found, equal } = await checkGolden(models, 'int8');
  expect({ found, equal }).toEqual({ found: expected, equal: expected });
});

it('an imported bundle streams through the server to the units of the library', async () => {
  const scripts = [0, 1].map((n): Script => {
    const bytes = encodeS16le(longSpeech(4, 1, n));
    const controls = [
      { at: 20_000, act: 'flush' as const },
      { at: 40_000, act: 8.33 },
    ];
    return { bytes, momentBytes: 2, controls, options: { pace: 'file' } };
  });
  const expected = await Promise.all(scripts.map((script) => localEvents(script, models)));
  expect(expected.flat().length).toBeGreaterThan(20);
  const pool = await createStreamPool({ bundle: TINY_WAVE, shards: 2 });
  try {
    await withPool(pool, {}, async ({ streamUrl }) => {
      const received = await Promise.all(
        scripts.map((script, n) =>
          remoteEvents(script, streamUrl, {}, { random: seeded(n), longest: 9000 }),
        ),
      );
      expect(received.map(finals)).toEqual(expected);
    });
  } finally {
    await pool.close();
  }
});
