import { filter, firstValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStream, type StreamEvent } from '../../../src/client/index.ts';
import { loadModels, type Models } from '../../../src/models/loadModels.ts';
import { TINY } from '../../helpers/bundles.ts';
import { encodePcm } from '../../helpers/encodePcm.ts';
import { createGateways, type Gateways } from '../../helpers/gateways.ts';
import { longSpeech } from '../../helpers/pipeline.ts';
import { createSealedSockets } from '../../helpers/sealedSockets.ts';
import { finals, localEvents } from '../../helpers/wireScript.ts';

const SECONDS = 6;
const SPOKEN = 4 * 16_000 + 1234;

describe('a stream that says nothing for longer than a seal is good for', () => {
  let models: Models;
  let gateways: Gateways;
  beforeAll(async () => {
    models = await loadModels({ bundle: TINY, workers: 1, lm: false });
    gateways = await createGateways(1);
  });
  afterAll(() => Promise.all([gateways.close(), models.close()]));

  it('is sealed again, and taken over again, from a gateway to which it said nothing too', async () => {
    const bytes = encodePcm(longSpeech(SECONDS), 's16le');
    const controls = [
      { at: SPOKEN, act: 'flush' as const },
      { at: SPOKEN, act: 5 },
    ];
    const expected = await localEvents({ bytes, momentBytes: 2, options: {}, controls }, models);
    const windowMs = 1500;
    const servers = await Promise.all(
      [0, 1, 2].map(() => gateways.start(0, { resumeWindowMs: windowMs })),
    );
    let place = 0;
    const sockets = createSealedSockets();
    const stream = openStream('ws://gateways', {
      backOffMs: 10,
      webSocket: sockets.factory(0, () => servers[place].streamUrl),
    });
    const events: StreamEvent[] = [];
    stream.events$.subscribe({ next: (event) => events.push(event), error: () => undefined });
    const next = (type: StreamEvent['type']): Promise<StreamEvent> =>
      firstValueFrom(stream.events$.pipe(filter((event) => event.type === type)));

    await stream.write(bytes.subarray(0, 2 * SPOKEN));
    const flushed = next('flushed');
    stream.flush();
    stream.setRate(5);
    await flushed;
    for (const dead of servers.slice(0, 2)) {
      const since = Date.now();
      while (Date.now() - since < 2 * windowMs) await sockets.another();
      const metrics = await (await fetch(`${dead.url}/metrics`)).text();
      expect(metrics).toContain(`\nsylstream_takeover_seconds_count ${place}\n`); // all that was taken over is done
      const resumed = next('ready');
      place++;
      await dead.close();
      expect(await resumed).toMatchObject({ resumed: true });
    }
    await stream.write(bytes.subarray(2 * SPOKEN));
    await stream.end();
    expect(finals(events)).toEqual(expected);
    expect(events.filter(({ type }) => type === 'reconnecting')).toHaveLength(2);
  }, 60_000);
});
