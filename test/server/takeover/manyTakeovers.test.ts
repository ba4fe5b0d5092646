import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { WebSocketFactory } from '../../../src/client/index.ts';
import { loadModels, type Models } from '../../../src/models/loadModels.ts';
import { codecOf, SUBPROTOCOL_MSGPACK } from '../../../src/protocol/index.ts';
import { TINY } from '../../helpers/bundles.ts';
import { seeded } from '../../helpers/cuts.ts';
import { createGateways, type Gateways } from '../../helpers/gateways.ts';
import { liveScript } from '../../helpers/liveScript.ts';
import { finals, localEvents, remoteEvents } from '../../helpers/wireScript.ts';

/** In a run of all tests; more of them by hand. */
const TAKEOVERS = Number(process.env['SYLSTREAM_TAKEOVERS'] ?? 200);
const STREAMS = 20;
/** A stream gets a seal a second. */
const SECONDS = Math.ceil((1.6 * TAKEOVERS) / STREAMS);
/** For what is spoken, and a machine that is busy. */
const timeout = 60_000 + 8 * 1000 * SECONDS;

const codec = codecOf(SUBPROTOCOL_MSGPACK)!;

describe('streams whose connection is cut whenever a seal has come', { timeout }, () => {
  let models: Models;
  let gateways: Gateways;
  beforeAll(async () => {
    models = await loadModels({ bundle: TINY, workers: 1, lm: false });
    gateways = await createGateways(2);
  });
  afterAll(() => Promise.all([gateways.close(), models.close()]));

  it(`go to the other gateway ${TAKEOVERS} times, and lose and repeat nothing`, async () => {
    const servers = [await gateways.start(0), await gateways.start(1)];
    let cuts = 0;
    /** Every connection goes to the other gateway, and ends with its first seal. */
    function factory(): WebSocketFactory {
      let turn = 0;
      return ({ protocols, headers }) => {
        const url = servers[turn++ % 2].streamUrl;
        const socket = new WebSocket(url, [...protocols], { headers, perMessageDeflate: false });
        let isCut = false;
        socket.on('message', (data: ArrayBuffer) => {
          const isSeal = codec.decode(new Uint8Array(data))['seal'] !== undefined;
          if (isCut || !isSeal || cuts === TAKEOVERS) return;
          isCut = true;
          cuts++;
          setImmediate(() => socket.terminate()); // the client has read it by then
        });
        return socket;
      };
    }
    // s16 at 16 kHz and mu-law at 8
    const scripts = Array.from({ length: STREAMS }, (_, n) => liveScript(4 * n + (n % 2), SECONDS));
    const expected = await Promise.all(scripts.map((each) => localEvents(each, models)));
    const received = await Promise.all(
      scripts.map((each, n) =>
        remoteEvents(
          each,
          'ws://gateways',
          { webSocket: factory() },
          { random: seeded(n), longest: each.options.sampleRate! / 5, paceMs: 40 },
        ),
      ),
    );
    received.forEach((events, n) => {
      expect(finals(events), `stream ${n}`).toEqual(expected[n]);
      expect(events.at(-1)?.type, `stream ${n}`).toBe('done');
    });
    const resumed = received.flat().filter((event) => event.type === 'ready' && event.resumed);
    expect(cuts).toBe(TAKEOVERS);
    expect(resumed.length).toBeGreaterThanOrEqual(TAKEOVERS);
  });
});
