import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashToken } from '../../server/admission/auth.ts';
import type { SylstreamServer } from '../../server/index.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { SUBPROTOCOL_MSGPACK } from '../../src/protocol/index.ts';
import { dial, greet, HELLO, tone } from '../helpers/rawClient.ts';
import { tinyModels, withServer } from '../helpers/server.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

/** A ping of exactly so many bytes: its content is in a field that nobody knows. */
function pingOf(length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  const head = Buffer.from('83a174a470696e67a17807a16bc6', 'hex');
  head.copy(bytes);
  bytes.writeUInt32BE(length - head.length - 4, head.length);
  return bytes;
}

function raw({ url }: SylstreamServer): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  return socket;
}

async function answerTo(server: SylstreamServer, text: string): Promise<string> {
  const socket = raw(server);
  socket.write(text);
  let answer = '';
  socket.on('data', (data) => (answer += data.toString('latin1')));
  await once(socket, 'close');
  return answer;
}

describe('limits, just under, at and over', () => {
  it.each([
    [65_535, true],
    [65_536, true],
    [65_537, false],
  ])('a message of %i bytes: %s', (length, isTaken) =>
    withServer(models, {}, async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      client.sendRaw(pingOf(length));
      if (isTaken) expect(await client.next('pong')).toEqual({ t: 'pong', x: 7 });
      else expect(await client.closed).toBe(1009);
    }),
  );

  it.each([
    [15, true],
    [16, true],
    [17, false],
  ])('a message in %i fragments: %s', (count, isTaken) =>
    withServer(models, {}, async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      const bytes = pingOf(100);
      for (let i = 0; i < count; i++) {
        const isLast = i === count - 1;
        client.socket.send(bytes.subarray(i, isLast ? undefined : i + 1), {
          fin: isLast,
          binary: true,
        });
      }
      if (isTaken) await client.next('pong');
      else expect(await client.closed).toBe(1008);
    }),
  );

  it.each([
    [-1, true],
    [0, true],
    [1, false],
  ])('the credit and %i samples: %s', (more, isTaken) =>
    withServer(models, { aheadLiveMs: 500, livePace: 1 }, async ({ streamUrl }) => {
      const silent = await greet(streamUrl); // the pace grants one sample every 62 µs: ask before it does
      const { credit } = silent.ready;
      expect(credit).toBe(8000);
      silent.send({ t: 'gap', n: 0, len: isTaken ? credit + more : credit + more + 16_000 });
      silent.send({ t: 'ping' });
      if (isTaken) await silent.next('pong');
      else expect(await silent.refusal()).toMatchObject({ code: 'overrun', close: 4413 });
    }),
  );

  it.each([
    ['one sample again', 99, 1, 'pong'],
    ['part of it again', 50, 100, 'pong'],
    ['all of it again', 0, 100, 'pong'],
    ['what follows', 100, 1, 'pong'],
    ['a hole of one', 101, 1, 'audio_gap'],
  ])('an index with %s', (_name, n, length, answer) =>
    withServer(models, {}, async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      client.send(tone(0, 100));
      client.send(tone(n, length));
      client.send({ t: 'ping' });
      if (answer === 'pong') await client.next('pong');
      else expect((await client.refusal()).code).toBe(answer);
    }),
  );

  it.each([
    [{ rate: 8000 }, true],
    [{ rate: 192_000 }, true],
    [{ ch: 1 }, true],
    [{ ch: 6 }, true],
    [{ fmt: 'alaw' as const }, true],
    [{ rate: 7999 }, false],
    [{ ch: 7 }, false],
  ])('audio with %o: %s', (change, isTaken) =>
    withServer(models, {}, async ({ streamUrl }) => {
      const client = await dial(streamUrl, { hello: { audio: { ...HELLO.audio, ...change } } });
      if (isTaken) expect((await client.next('ready')).audio).toMatchObject(change);
      else expect((await client.refusal()).code).toBe('audio_format');
    }),
  );

  it('as many streams as there is room for, and one more when one is gone', () =>
    withServer(models, { capacity: 3 }, async ({ streamUrl }) => {
      const clients = [await greet(streamUrl), await greet(streamUrl), await greet(streamUrl)];
      expect(await (await dial(streamUrl)).refusal()).toMatchObject({
        code: 'capacity',
        close: 1013,
      });
      clients[0].send({ t: 'end' });
      await clients[0].closed;
      await greet(streamUrl);
    }));

  it('a file counts for its pace', () =>
    withServer(models, { capacity: 9, filePace: 8 }, async ({ streamUrl }) => {
      await greet(streamUrl, { hello: { pace: 'file' } });
      await greet(streamUrl);
      expect((await (await dial(streamUrl)).refusal()).code).toBe('capacity');
    }));

  it('sockets of one address, and a second later again', () =>
    withServer(
      models,
      { trustLoopback: false, openPerAddress: 2, newPerAddressPerSecond: 1000 },
      async ({ streamUrl }) => {
        const clients = [await greet(streamUrl), await greet(streamUrl)];
        const third = await (await dial(streamUrl)).refusal();
        expect(third).toMatchObject({ code: 'rate_limited', close: 4429 });
        expect(third.error?.retry_after_ms).toBeGreaterThan(0);
        clients[0].socket.close(1000);
        await clients[0].closed;
        await new Promise((done) => setTimeout(done, 50));
        await greet(streamUrl);
      },
    ));

  it('messages a second: what is too much is read later', () =>
    withServer(models, { messagesPerSecond: 100 }, async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      for (let x = 0; x < 150; x++) client.send({ t: 'ping', x });
      for (let x = 0; x < 150; x++) await client.next('pong');
      const began = performance.now();
      client.send({ t: 'ping' });
      await client.next('pong');
      expect(performance.now() - began).toBeGreaterThan(500);
    }));

  it('connections that have not said hello: the oldest goes, the newest may stay', () =>
    withServer(models, { unauthenticated: 2 }, async (server) => {
      const first = raw(server).resume();
      const cut = once(first, 'close');
      await once(first, 'connect');
      const second = raw(server);
      await once(second, 'connect');
      await greet(server.streamUrl);
      await cut;
      await greet(server.streamUrl);
      expect(second.destroyed).toBe(false);
      second.destroy();
    }));

  it('connections that have not said hello, of one client behind a proxy', () =>
    withServer(
      models,
      { silentPerAddress: 2, trustLoopback: false, trustProxy: ['127.0.0.1'] },
      async ({ streamUrl }) => {
        const from = (client: string) =>
          dial(streamUrl, { hello: false, headers: { 'x-forwarded-for': client } });
        const first = await from('192.0.2.1');
        const other = await from('192.0.2.2');
        await from('192.0.2.1');
        await from('192.0.2.1');
        expect(await first.closed).toBe(1006);
        other.send(HELLO);
        await other.next('ready');
      },
    ));

  it('refused sockets: they have a second to go', () =>
    withServer(models, { token: 'secret', closeTimeoutMs: 600_000 }, async (server) => {
      const { socket } = await dial(server.streamUrl, { hello: false });
      socket.pause(); // never reads the close, so never answers it
      const waiting = async (): Promise<boolean> => {
        const headers = { authorization: 'Bearer secret' };
        const metrics = await (await fetch(`${server.url}/metrics`, { headers })).text();
        return !metrics.includes('\nsylstream_connections_waiting 1\n'); // the one that asks is the other
      };
      while (await waiting()) await new Promise((done) => setTimeout(done, 50));
      socket.terminate();
    }));
});

describe('HTTP before the socket', () => {
  const upgrade = (path: string, headers: readonly string[]) =>
    [
      `GET ${path} HTTP/1.1`,
      'Host: here',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
      '',
      '',
    ].join('\r\n');
  const protocol = `Sec-WebSocket-Protocol: ${SUBPROTOCOL_MSGPACK}`;
  const extra = (count: number) => Array.from({ length: count }, (_, i) => `X-${i}: 1`);

  it.each([
    ['another path', upgrade('/v2/stream', [protocol]), 404],
    ['a path that is no URL', upgrade('//', [protocol]), 404],
    ['a path that is nothing', upgrade('//[:/?', [protocol]), 404],
    ['no upgrade', 'GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 426],
    ['no subprotocol', upgrade('/v1/stream', []), 400],
    ['an unknown subprotocol', upgrade('/v1/stream', ['Sec-WebSocket-Protocol: chat']), 400],
    ['65 headers', upgrade('/v1/stream', [protocol, ...extra(59)]), 431],
    ['8 KiB of headers', upgrade('/v1/stream', [protocol, `X: ${'x'.repeat(8192)}`]), 431],
    ['no key', upgrade('/v1/stream', [protocol]).replace(/Sec-WebSocket-Key.*\r\n/, ''), 400],
    ['no HTTP at all', '\u0016\u0003\u0001 hello\r\n\r\n', 400],
  ])('refuses %s', (_name, request, status) =>
    withServer(models, {}, async (server) => {
      expect(await answerTo(server, request)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    }),
  );

  it('outlives peers that reset the connection while they are refused or served', () =>
    withServer(models, {}, async (server) => {
      const requests = [
        upgrade('/v2', [protocol]),
        upgrade('/v1/stream', []),
        upgrade('/v1/stream', [protocol]),
        'GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n',
      ];
      const sockets = Array.from({ length: 40 }, (_, n) => {
        const socket = raw(server);
        socket.once('connect', () => {
          socket.write(requests[n % requests.length]);
          setTimeout(() => socket.resetAndDestroy(), n % 5);
        });
        return once(socket, 'close');
      });
      await Promise.all(sockets);
      await greet(server.streamUrl);
    }));

  it('takes 64 headers', () =>
    withServer(models, {}, async (server) => {
      const socket = raw(server);
      socket.write(upgrade('/v1/stream', [protocol, ...extra(58)]));
      const [data] = (await once(socket, 'data')) as [Buffer];
      expect(data.toString('latin1')).toMatch(/^HTTP\/1.1 101 /);
      socket.destroy();
    }));

  it.each([
    ['says nothing', () => undefined],
    ['sends byte after byte', (socket: Socket) => {
      let at = 0;
      const request = upgrade('/v1/stream', [protocol]);
      const timer = setInterval(() => socket.write(request[at++ % request.length]), 20);
      socket.once('close', () => clearInterval(timer));
    }],
  ])('cuts a connection that %s, at the deadline', (_name, act) =>
    withServer(models, { upgradeTimeoutMs: 200 }, async (server) => {
      const socket = raw(server);
      await once(socket, 'connect');
      const began = performance.now();
      act(socket);
      socket.resume();
      await once(socket, 'close');
      expect(performance.now() - began).toBeLessThan(3000);
    })); // prettier-ignore
});

describe('HTTP beside the socket', () => {
  it('tells health, readiness and metrics', () =>
    withServer(models, { capacity: 1 }, async ({ url, streamUrl }) => {
      for (const path of ['/healthz', '/health'])
        expect((await fetch(url + path)).status).toBe(200);
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
      const client = await greet(streamUrl);
      client.send(tone(0, 16_000));
      client.send({ t: 'flush', id: 1 });
      await client.next('flushed');
      const full = await fetch(`${url}/ready`);
      expect([full.status, await full.json()]).toEqual([
        503,
        { status: 'full', capacity: 1, used: 1 },
      ]);
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toMatch(/^sylstream_sessions_live 1$/m);
      expect(metrics).toMatch(/^sylstream_audio_seconds_total 1$/m);
      expect(metrics).toMatch(/^sylstream_stream_lag_seconds_count [1-9]/m);
      expect(metrics).toMatch(/^sylstream_encoder_batch_runs_total\{streams="1"\} [1-9]/m);
      expect((await fetch(`${url}/nothing`)).status).toBe(404);
      expect((await fetch(`${url}/healthz`, { method: 'POST' })).status).toBe(404);
    }));

  it('says what units stand for, to holders of a token where there are tokens', async () => {
    const ask = (url: string, headers: Record<string, string> = {}) =>
      fetch(`${url}/v1/labels`, { headers });
    await withServer(models, { tokenHashes: [hashToken('right')] }, async ({ url }) => {
      expect((await ask(url)).status).toBe(401);
      const response = await ask(url, { authorization: 'Bearer right' });
      expect(response.headers.get('content-type')).toMatch(/^application\/json/);
      const sha256 = models.bundle.hash;
      expect(await response.json()).toEqual({ sha256, units: [], fine: [] }); // the small one of the tests has no cards
    });
  });

  it('gives tickets to holders of a token only, by header only', () =>
    withServer(models, { tokenHashes: [hashToken('right')] }, async ({ url, streamUrl }) => {
      const post = (headers: Record<string, string>) =>
        fetch(`${url}/v1/tickets`, { method: 'POST', headers });
      expect((await post({})).status).toBe(401);
      expect((await post({ authorization: 'Bearer wrong' })).status).toBe(401);
      expect((await post({ authorization: 'Bearer right', origin: 'http://evil' })).status).toBe(
        403,
      );
      expect((await fetch(`${url}/v1/tickets`)).status).toBe(404);
      const response = await post({ authorization: 'Bearer right' });
      const { ticket, expires_ms } = (await response.json()) as {
        ticket: string;
        expires_ms: number;
      };
      expect(expires_ms).toBe(60_000);
      const client = await greet(`${streamUrl}?ticket=${ticket}`);
      expect(client.socket.protocol).toBe(SUBPROTOCOL_MSGPACK);
    }));

  it('tells metrics to holders of a token only, on the machine itself too', () =>
    withServer(models, { tokenHashes: [hashToken('right')] }, async ({ url }) => {
      const status = async (headers: Record<string, string>) =>
        (await fetch(`${url}/metrics`, { headers })).status;
      expect(await status({})).toBe(401);
      expect(await status({ authorization: 'Bearer wrong' })).toBe(401);
      expect(await status({ authorization: 'Bearer right' })).toBe(200);
    }));

  it.each(['/metrics', '/', '/nothing'])(
    'does not answer to a name that is not its own: %s',
    (path) =>
      withServer(models, { hosts: ['app.example'] }, async (server) => {
        const ask = (host: string) =>
          answerTo(server, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
        expect(await ask('evil')).toMatch(/^HTTP\/1.1 403 [^]*"error":"host"[^]*evil[^]*--hosts/);
        for (const host of ['app.example', 'localhost:1', '127.0.0.1']) {
          expect(await ask(host)).not.toMatch(/^HTTP\/1.1 403 /);
        }
      }),
  );

  it('tells its health under any name: probes do not know it', () =>
    withServer(models, {}, async (server) => {
      for (const path of ['/healthz', '/ready']) {
        const text = `GET ${path} HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n`;
        expect(await answerTo(server, text)).toMatch(/^HTTP\/1.1 200 /);
      }
    }));

  it('refuses a page whose name was made to point here (DNS rebinding), and programs under it', () =>
    withServer(models, {}, async ({ streamUrl }) => {
      for (const headers of [{ host: 'evil', origin: 'http://evil' }, { host: 'evil' }]) {
        const refusal = await (await dial(streamUrl, { headers })).refusal();
        expect(refusal).toMatchObject({ code: 'origin', close: 4403 });
        expect(refusal.error?.msg).toMatch(/host evil.*--hosts/);
      }
    }));

  it('lets pages of its own host and of its list connect', () =>
    withServer(models, { origins: ['https://app.example'] }, async ({ url, streamUrl }) => {
      for (const origin of [url, 'https://app.example'])
        await greet(streamUrl, { headers: { origin } });
    }));
});
