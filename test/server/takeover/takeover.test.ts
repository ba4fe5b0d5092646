import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SylstreamServer } from '../../../server/index.ts';
import { loadModels, type Models } from '../../../src/models/loadModels.ts';
import { TINY } from '../../helpers/bundles.ts';
import { seeded } from '../../helpers/cuts.ts';
import { createGateways, type Gateways } from '../../helpers/gateways.ts';
import { liveScript } from '../../helpers/liveScript.ts';
import { createSealedSockets } from '../../helpers/sealedSockets.ts';
import { finals, localEvents, remoteEvents } from '../../helpers/wireScript.ts';

/** On a busy machine a gateway may be gone before it could seal; what came before it has to be good then. */
const PATIENT = { resumeWindowMs: 600_000 };

describe('a session that any gateway can take over', () => {
  let models: Models;
  let gateways: Gateways;
  beforeAll(async () => {
    models = await loadModels({ bundle: TINY, workers: 1, lm: false });
    gateways = await createGateways(2);
  });
  afterAll(() => Promise.all([gateways.close(), models.close()]));

  it('loses and repeats nothing when its gateway is gone, again and again', async () => {
    const scripts = Array.from({ length: 8 }, (_, n) => liveScript(n, 10));
    const expected = await Promise.all(scripts.map((each) => localEvents(each, models)));
    let servers: SylstreamServer[] = [
      await gateways.start(0, PATIENT),
      await gateways.start(1, PATIENT),
    ];
    let turn = 0;
    const sockets = createSealedSockets();
    let isOver = false;
    let kills = 0;
    const killing = (async () => {
      await sockets.sealed(scripts.length);
      while (!isOver) {
        const place = kills++ % 2;
        const next = await gateways.start(place, PATIENT);
        const dead = servers[place];
        servers = servers.map((each, n) => (n === place ? next : each));
        await new Promise((done) => setTimeout(done, 800));
        await dead.close(); // cuts every socket, and forgets every session
      }
    })();
    const received = await Promise.all(
      scripts.map(async (each, n) => {
        const random = seeded(n);
        return remoteEvents(
          each,
          'ws://gateways',
          { webSocket: sockets.factory(n, () => servers[turn++ % 2].streamUrl) },
          {
            random: () => random(),
            longest: each.options.sampleRate! / 5,
            paceMs: 40,
          },
        );
      }),
    );
    isOver = true;
    await killing;
    received.forEach((events, n) => {
      expect(finals(events), `stream ${n}`).toEqual(expected[n]);
      expect(events.at(-1)?.type, `stream ${n}`).toBe('done');
    });
    const resumed = received.flat().filter((event) => event.type === 'ready' && event.resumed);
    expect(resumed.length).toBeGreaterThan(scripts.length * 2);
  }, 120_000);

  it('moves while its gateway still serves, when that drains, and is not disturbed', async () => {
    const scripts = Array.from({ length: 4 }, (_, n) => liveScript(n, 8));
    const expected = await Promise.all(scripts.map((each) => localEvents(each, models)));
    const servers = [await gateways.start(0, PATIENT), await gateways.start(1, PATIENT)];
    let open = 0;
    const sockets = createSealedSockets();
    const streams = Promise.all(
      scripts.map((each, n) =>
        remoteEvents(
          each,
          'ws://gateways',
          { webSocket: sockets.factory(n, () => servers[open].streamUrl) },
          {
            random: seeded(n),
            longest: each.options.sampleRate! / 5,
            paceMs: 40,
          },
        ),
      ),
    );
    await sockets.sealed(scripts.length);
    open = 1;
    await servers[0].drain();
    const received = await streams;
    received.forEach((events, n) => {
      expect(finals(events), `stream ${n}`).toEqual(expected[n]);
      expect(events.filter(({ type }) => type === 'reconnecting')).toEqual([]);
      expect(events.filter((event) => event.type === 'ready' && event.resumed)).toHaveLength(1);
    });
  }, 60_000);
});
