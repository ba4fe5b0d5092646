import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModels, type Models } from '../../../src/models/loadModels.ts';
import { TINY } from '../../helpers/bundles.ts';
import { seeded } from '../../helpers/cuts.ts';
import { startGateways, type GatewayProcesses } from '../../helpers/gatewayProcesses.ts';
import { present, program } from '../../helpers/require.ts';
import { createSealedSockets } from '../../helpers/sealedSockets.ts';
import { finals, localEvents, remoteEvents } from '../../helpers/wireScript.ts';
import { liveScript } from '../../helpers/liveScript.ts';

const sylstream = join(import.meta.dirname, '../../../bin/sylstream.js');
const dist = join(import.meta.dirname, '../../../dist/bin/main.js');
const STREAMS = 8;
const SECONDS = 9;

describe.runIf(
  program('haproxy') && program('nginx') && present('dist, of npm run build', existsSync(dist)),
)('three gateways behind a balancer', () => {
  let models: Models;
  let gateways: GatewayProcesses;
  beforeAll(async () => {
    models = await loadModels({ bundle: TINY, workers: 1, lm: false });
    gateways = await startGateways({ bundle: TINY, sylstream });
  }, 60_000);
  afterAll(() => Promise.all([gateways.close(), models.close()]), 30_000);

  it.each([
    { proxy: 'haproxy', signal: 'SIGKILL' },
    { proxy: 'nginx', signal: 'SIGTERM' },
  ] as const)(
    'lose and repeat nothing of live streams behind $proxy while one after the other ends by $signal',
    async ({ proxy, signal }) => {
      const url = await gateways.behind(proxy);
      const scripts = Array.from({ length: STREAMS }, (_, n) => liveScript(n, SECONDS));
      const expected = await Promise.all(scripts.map((each) => localEvents(each, models)));
      const sockets = createSealedSockets();
      let isOver = false;
      let ends = 0;
      const ending = (async () => {
        await sockets.sealed(STREAMS);
        while (!isOver) {
          await gateways.end(ends++ % 3, signal);
          await new Promise((done) => setTimeout(done, 500));
        }
      })();
      const received = await Promise.all(
        scripts.map((each, n) =>
          remoteEvents(
            each,
            url,
            { webSocket: sockets.factory(n, () => url) },
            {
              random: seeded(n),
              longest: each.options.sampleRate! / 5,
              paceMs: 40,
            },
          ),
        ),
      );
      isOver = true;
      await ending;
      received.forEach((events, n) => {
        expect(finals(events), `stream ${n}`).toEqual(expected[n]);
        expect(events.at(-1)?.type, `stream ${n}`).toBe('done');
      });
      const all = received.flat();
      expect(ends).toBeGreaterThan(0); // a busy machine takes long to start the next
      const resumed = all.filter((event) => event.type === 'ready' && event.resumed);
      expect(resumed.length).toBeGreaterThan(0);
      if (signal !== 'SIGTERM') return;
      // Whoever was told in time left before the end.
      const lost = all.filter((event) => event.type === 'reconnecting');
      expect(lost.length).toBeLessThan(resumed.length);
    },
    180_000,
  );
});
