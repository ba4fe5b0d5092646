import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createLog } from '../../server/observe/log.ts';
import type { Settings, SylstreamServer } from '../../server/index.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { codecOf, SUBPROTOCOL_MSGPACK } from '../../src/protocol/index.ts';
import { startFlood } from '../helpers/flood.ts';
import { HELLO } from '../helpers/rawClient.ts';
import { tinyModels, withServer } from '../helpers/server.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

const codec = codecOf(SUBPROTOCOL_MSGPACK)!;
/**
 * Silent connections and WebSockets without hello, opened again as they are cut: more than there is room for.
 */
const FLOOD = { from: '127.0.0.2', silent: 70, mute: 70, perSecond: 150 };
const ROOM = { unauthenticated: 64, silentPerAddress: 32 };
const NORMAL = 8;
const SESSIONS = 3;

/** One session from an address: resolves when it has begun and ended, rejects when it does not begin. */
function session(url: string, localAddress: string, headers = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [codec.subprotocol], { localAddress, headers });
    let isReady = false;
    socket.on('open', () => socket.send(codec.encode(HELLO)));
    socket.on('message', (data: Buffer) => {
      const message = codec.decode(data) as { t: string };
      if (message.t === 'error') return reject(new Error(JSON.stringify(message)));
      isReady = true;
      socket.close(1000);
    });
    socket.on('error', reject);
    socket.on('close', (code) => (isReady ? resolve() : reject(new Error(`closed with ${code}`))));
  });
}

const text = async (url: string): Promise<string> => (await fetch(url)).text();

async function refusedBy(server: SylstreamServer): Promise<Record<string, number>> {
  const metrics = await text(`${server.url}/metrics`);
  const lines = metrics.matchAll(/^sylstream_connections_refused_total\{reason="(.+)"\} (\d+)$/gm);
  return Object.fromEntries([...lines].map(([, reason, n]) => [reason, Number(n)]));
}

describe('a flood of connections that say nothing, from one address', () => {
  const log: string[] = [];
  const logTo = createLog('info', { write: (line) => void log.push(line) });

  /** Eight clients begin sessions one after the other while the flood lasts. */
  const through = (
    settings: Partial<Settings>,
    normal: (url: string, i: number) => Promise<void>,
  ) =>
    withServer(
      models,
      { ...ROOM, ...settings },
      async (server) => {
        const flood = startFlood({ url: server.streamUrl, ...FLOOD });
        while (flood.cut < FLOOD.silent) await new Promise((done) => setImmediate(done));
        const clients = Array.from({ length: NORMAL }, async (_, i) => {
          for (let k = 0; k < SESSIONS; k++) await normal(server.streamUrl, i);
        });
        await Promise.all(clients);
        expect(JSON.parse(await text(`${server.url}/healthz`))).toEqual({ status: 'ok' });
        const waiting = /^sylstream_connections_waiting (\d+)$/m.exec(
          await text(`${server.url}/metrics`),
        );
        expect(Number(waiting?.[1])).toBeLessThanOrEqual(ROOM.unauthenticated);
        const refused = await refusedBy(server);
        flood.stop();
        return refused;
      },
      { log: logTo },
    );

  it('keeps nobody else from beginning a session, is counted, and does not fill the log', async () => {
    log.length = 0;
    const refused = await through({ trustLoopback: false }, (url, i) =>
      session(url, `127.0.1.${i + 1}`),
    );
    expect(refused['silent_address']).toBeGreaterThan(30);
    const lines = log.map((line) => JSON.parse(line) as { reason?: string; msg: string });
    const cuts = lines.filter(({ reason }) => reason === 'silent_address');
    expect(cuts.length).toBeGreaterThan(0);
    expect(lines.filter(({ msg }) => msg !== 'session' && msg !== 'closed').length).toBeLessThan(
      200,
    );
  });

  it('keeps nobody from the same trusted address from beginning one either', async () => {
    const refused = await through({ trustLoopback: true }, (url) => session(url, '127.0.0.1'));
    expect(refused['silent_total']).toBeGreaterThan(30);
  });
});
