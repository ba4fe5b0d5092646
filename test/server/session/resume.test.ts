import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeS16le } from '../../../src/audio/pcm.ts';
import type { Models } from '../../../src/models/loadModels.ts';
import { seeded } from '../../helpers/cuts.ts';
import { createMortalSockets } from '../../helpers/mortalSockets.ts';
import { longSpeech } from '../../helpers/pipeline.ts';
import { tinyModels, withServer } from '../../helpers/server.ts';
import { finals, localEvents, remoteEvents } from '../../helpers/wireScript.ts';
import type { Script } from '../../helpers/wireScript.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

const STREAMS = 20;
const KILLS_A_STREAM = 50;

function script(n: number): Script {
  const random = seeded(n);
  const speech = longSpeech(8, 1, n);
  const acts = ['flush', 5, 'flush', 'natural', 6.25] as const;
  const controls = acts
    .map((act) => ({ at: Math.floor(random() * speech.length), act }))
    .sort((a, b) => a.at - b.at);
  const options = { pace: 'file', partials: n % 2 === 0, features: n % 4 === 0 } as const;
  return { bytes: encodeS16le(speech), momentBytes: 2, options, controls };
}

describe('resume', () => {
  it(
    'loses and repeats nothing when sockets are killed 1,000 times',
    { timeout: 180_000 },
    async () => {
      const scripts = Array.from({ length: STREAMS }, (_, n) => script(n));
      const expected = await Promise.all(scripts.map((each) => localEvents(each, models)));
      const sockets = scripts.map((_, n) => createMortalSockets(KILLS_A_STREAM, seeded(n + 500)));
      const settings = { aheadFileMs: 500, messagesPerSecond: 1_000_000 };
      await withServer(models, settings, async ({ streamUrl }) => {
        const received = await Promise.all(
          scripts.map((each, n) => {
            const options = { webSocket: sockets[n].factory, backOffMs: 1 };
            return remoteEvents(each, streamUrl, options, { random: seeded(n), longest: 1600 });
          }),
        );
        received.forEach((events, n) => {
          expect(finals(events), `stream ${n}`).toEqual(expected[n]);
          expect(events.at(-1)?.type).toBe('done');
        });
        const kills = sockets.reduce((sum, { killed }) => sum + killed, 0);
        expect(kills).toBe(STREAMS * KILLS_A_STREAM);
        const resumed = received.flat().filter((event) => event.type === 'ready' && event.resumed);
        expect(resumed.length).toBeGreaterThan(STREAMS * 10);
      });
    },
  );
});
