import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Models } from '../../../src/models/loadModels.ts';
import { codecOf, SUBPROTOCOL_MSGPACK } from '../../../src/protocol/index.ts';
import type { Ready } from '../../../src/protocol/index.ts';
import { frame, upgradeRequest } from '../../helpers/frames.ts';
import { dial, greet, HELLO, tone } from '../../helpers/rawClient.ts';
import { tinyModels, withServer } from '../../helpers/server.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

const codec = codecOf(SUBPROTOCOL_MSGPACK)!;

/** Opens a connection by hand: nothing is sent or answered that is not written. */
function byHand(streamUrl: string) {
  const { hostname, port } = new URL(streamUrl);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  let text = '';
  socket.on('data', (data) => (text += data.toString('latin1')));
  return { socket, text: () => text };
}

/** The code of a close frame that ends what came. */
function closeCodeIn(text: string): number {
  return Buffer.from(text.slice(-2), 'latin1').readUInt16BE(0);
}

describe('limits of a message, through the socket', () => {
  const nested = (levels: number): unknown => (levels === 0 ? 0 : [nested(levels - 1)]);
  const keys = (count: number): object =>
    Object.fromEntries(Array.from({ length: count - 2 }, (_, i) => [`k${i}`, 0]));

  it.each([
    { name: '7 nested arrays', fields: () => ({ k: nested(7) }), isTaken: true },
    { name: '8 nested arrays', fields: () => ({ k: nested(8) }), isTaken: false },
    { name: '64 keys', fields: () => keys(64), isTaken: true },
    { name: '65 keys', fields: () => keys(65), isTaken: false },
    { name: '4,096 items', fields: () => ({ k: Array(4096).fill(0) }), isTaken: true },
    { name: '4,097 items', fields: () => ({ k: Array(4097).fill(0) }), isTaken: false },
    { name: 'a name of 64', fields: () => ({ x: 'n'.repeat(64) }), isTaken: true },
    { name: 'a name of 65', fields: () => ({ x: 'n'.repeat(65) }), isTaken: false },
  ])('$name, in both forms: taken $isTaken', async ({ fields, isTaken }) => {
    await withServer(models, {}, async ({ streamUrl }) => {
      for (const json of [false, true]) {
        const client = await greet(streamUrl, { json });
        client.send({ t: 'ping', x: 7, ...fields() });
        if (isTaken) await client.next('pong');
        else expect(await client.refusal()).toMatchObject({ code: 'malformed', close: 1007 });
      }
    });
  });

  it.each([
    [1024, 'model'],
    [1025, 'malformed'],
  ])('a text of %i: %s', (length, code) =>
    withServer(models, {}, async ({ streamUrl }) => {
      const client = await dial(streamUrl, { hello: { model: 'm'.repeat(length) } });
      expect((await client.refusal()).code).toBe(code);
    }),
  );
});

describe('limits of a deployment', () => {
  it.each([
    [-1, true],
    [0, true],
    [16_000, false],
  ])('the credit of a file and %i samples: taken %s', (more, isTaken) =>
    withServer(models, { aheadFileMs: 500, filePace: 1 }, async ({ streamUrl }) => {
      const client = await greet(streamUrl, { hello: { pace: 'file' } });
      expect(client.ready.credit).toBe(8000);
      client.send({ t: 'gap', n: 0, len: 8000 + more });
      client.send({ t: 'ping' });
      if (isTaken) await client.next('pong');
      else expect(await client.refusal()).toMatchObject({ code: 'overrun', close: 4413 });
    }),
  );

  it('the pace: credit grows by no more than it', () =>
    withServer(models, { aheadLiveMs: 500, livePace: 2 }, async ({ streamUrl }) => {
      const began = performance.now();
      const client = await greet(streamUrl);
      let n = 0;
      for (let limit = client.ready.credit; performance.now() - began < 1500;) {
        if (limit > n) client.send({ t: 'gap', n, len: limit - n });
        n = limit;
        const ack = await client.next('ack');
        limit = Math.max(limit, ack.n + ack.credit);
        expect(limit).toBeLessThanOrEqual(8000 + (performance.now() - began) * 2 * 16);
      }
      expect(n).toBeGreaterThan(8000 + 1000 * 16);
    }));

  it('new sockets of an address a second', () =>
    withServer(models, { trustLoopback: false, newPerAddressPerSecond: 3 }, async (server) => {
      const dials = await Promise.all([1, 2, 3].map(() => dial(server.streamUrl)));
      for (const client of dials) await client.next('ready');
      const refusal = await (await dial(server.streamUrl)).refusal();
      expect(refusal).toMatchObject({ code: 'rate_limited', close: 4429 });
      await wait(refusal.error!.retry_after_ms);
      await greet(server.streamUrl);
    }));

  it('events that can be sent again: as many as the log holds, and more than twice as many', () =>
    withServer(models, { eventLog: 6, aheadLiveMs: 20_000 }, async ({ streamUrl }) => {
      const first = await greet(streamUrl);
      for (let n = 0, id = 0; id < 16; n += 8000, id++) {
        first.send(tone(n, 4000));
        first.send({ t: 'gap', n: n + 4000, len: 4000 });
        first.send({ t: 'flush', id });
        await first.next('flushed');
      }
      const events = first.received.filter(({ t }) => t === 'u' || t === 'flushed');
      const resumeAfter = async (known: number, { ready }: { ready: Ready }) => {
        const units = events.slice(0, known).filter(({ t }) => t === 'u').length;
        const resume = { token: ready.token, after: units - 1 };
        return greet(streamUrl, { hello: { resume } });
      };
      const second = await resumeAfter(events.length - 6, first);
      expect(second.ready.resumed).toBe(true);
      const third = await resumeAfter(events.length - 14, second);
      expect(third.ready).toMatchObject({ resumed: false, next: 0 });
    }));

  it('the deadline of the hello: just before it', () =>
    withServer(models, { helloTimeoutMs: 1500 }, async ({ streamUrl }) => {
      const client = await dial(streamUrl, { hello: false });
      await wait(700);
      client.send({ ...HELLO });
      await client.next('ready');
    }));

  it('the closing handshake: who does not answer it is cut', () =>
    withServer(models, { closeTimeoutMs: 300 }, async ({ streamUrl }) => {
      const { socket, text } = byHand(streamUrl);
      socket.write(upgradeRequest(streamUrl, codec.subprotocol));
      socket.write(frame(Buffer.from([0xc1])));
      await expect.poll(text).toContain('malformed');
      const began = performance.now();
      await once(socket, 'close');
      expect(performance.now() - began).toBeGreaterThan(100);
      expect(performance.now() - began).toBeLessThan(5000);
    }));

  it.each([
    [1998, true],
    [1999, true],
    [2000, false],
  ])(
    '%i bytes of path, names and values, where less than 2,000 may be: taken %s',
    (bytes, isTaken) =>
      withServer(models, { headerBytes: 2000 }, async ({ streamUrl }) => {
        const { socket, text } = byHand(streamUrl);
        const bare = upgradeRequest(streamUrl, codec.subprotocol);
        const [first, ...headers] = bare.trimEnd().split('\r\n');
        const path = first.split(' ')[1];
        const counted = [path, ...headers.map((line) => line.replace(': ', '')), 'X'].join(
          '',
        ).length;
        const value = 'x'.repeat(bytes - counted);
        socket.write(bare.replace(/\r\n\r\n$/, `\r\nX: ${value}\r\n\r\n`));
        await expect.poll(text).toMatch(/^HTTP/);
        expect(text()).toMatch(isTaken ? /^HTTP\/1.1 101 / : /^HTTP\/1.1 431 /);
        socket.destroy();
      }),
  );

  it.each([
    [15, true],
    [16, true],
    [17, false],
  ])('a message in %i pieces, where 16 may wait: taken %s', (pieces, isTaken) =>
    withServer(models, { bufferedChunks: 16 }, async ({ streamUrl }) => {
      const { socket, text } = byHand(streamUrl);
      socket.write(upgradeRequest(streamUrl, codec.subprotocol));
      socket.write(frame(Buffer.from(codec.encode(HELLO) as Uint8Array)));
      await expect.poll(text).toContain('resumed');
      const message = codec.encode({ t: 'ping', x: 'p'.repeat(60) }) as Uint8Array;
      const bytes = frame(Buffer.from(message));
      const head = bytes.length - message.length;
      const ends = Array.from({ length: pieces - 1 }, (_, n) => head + n + 1);
      for (let at = 0; at < bytes.length;) {
        const end = at === 0 ? head : (ends.shift() ?? bytes.length);
        socket.write(bytes.subarray(at, end));
        at = end;
        await wait(20); // the server, in this process, reads each piece before the next
      }
      if (isTaken) await expect.poll(text).toContain('pong');
      else await expect.poll(() => closeCodeIn(text())).toBe(1008);
      socket.destroy();
    }),
  );
});
