import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { openStream } from '../../src/client/index.ts';
import { codecOf, SUBPROTOCOL_MSGPACK } from '../../src/protocol/index.ts';
import type { GatewayProcesses } from '../../test/helpers/gatewayProcesses.ts';
import { CHUNK_MS, liveScripts } from './script.ts';

/** Seconds that a stream has been heard before it is taken over: more than the field. */
const HEARD_SECONDS = 20;
const codec = codecOf(SUBPROTOCOL_MSGPACK)!;

/** What a takeover cost. */
export interface ServerPart {
  /** Milliseconds of each. */
  readonly took: readonly number[];
  /** Milliseconds of the gateway's CPU for each, which are the same on a busy machine. */
  readonly cpuMs: number;
}

/**
 * What a gateway needs to take streams over that come at once, without balancer and back-off: milliseconds of each from its
 * hello, with all the audio to come, to the answer to a flush behind it. Gateways must let audio in faster than it is spoken.
 */
export async function serverPart(gateways: GatewayProcesses, streams: number): Promise<ServerPart> {
  const scripts = liveScripts(streams, HEARD_SECONDS);
  let place = 0;
  const opened = scripts.map((script) => {
    const seen = { hello: 0, seals: 0, isLost: false };
    const stream = openStream(gateways.directUrls[0], {
      ...script.format,
      backOffMs: 1,
      bufferMs: 60_000,
      webSocket({ protocols, headers }) {
        const url = gateways.directUrls[place];
        const socket = new WebSocket(url, [...protocols], { headers, perMessageDeflate: false });
        socket.once('open', () => (seen.hello = performance.now()));
        socket.on('message', (data: ArrayBuffer) => {
          if (codec.decode(new Uint8Array(data))['seal'] !== undefined) seen.seals++;
        });
        return socket;
      },
    });
    const answered = new Promise<number>((resolve, reject) =>
      stream.events$.subscribe({
        next(event) {
          if (event.type === 'reconnecting' && event.attempt === 1) stream.flush();
          if (event.type === 'flushed') resolve(performance.now() - seen.hello);
        },
        error(error: unknown) {
          seen.isLost = true;
          reject(error);
        },
      }),
    );
    answered.catch(() => undefined); // waited for below
    return { script, stream, seen, answered };
  });
  await Promise.all(
    opened.map(async ({ script, stream, seen }) => {
      const write = (chunk: number): void =>
        void stream.write(script.bytes(chunk)).catch(() => undefined); // `answered` rejects
      for (let chunk = 0; chunk < script.chunks; chunk++) write(chunk);
      while (stream.pendingMs > 1000 && !seen.isLost) await wait(CHUNK_MS);
      const last = seen.seals;
      for (let chunk = script.chunks; seen.seals === last && !seen.isLost; chunk++) {
        write(chunk); // as it is spoken, until a seal of all this has come
        await wait(CHUNK_MS);
      }
    }),
  );
  place = 1;
  const before = gateways.cpuSeconds(1);
  const ended = gateways.end(0, 'SIGKILL');
  const took = await Promise.all(opened.map(({ answered }) => answered));
  const cpuMs = (1000 * (gateways.cpuSeconds(1) - before)) / streams;
  for (const { stream } of opened) stream.close();
  await ended;
  return { took, cpuMs };
}
