import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Models } from '../../src/models/loadModels.ts';
import { codecOf, SUBPROTOCOL_MSGPACK } from '../../src/protocol/index.ts';
import { frame } from '../helpers/frames.ts';
import { greet, HELLO } from '../helpers/rawClient.ts';
import { untilEmpty } from '../helpers/untilEmpty.ts';
import { tinyModels, withServer } from '../helpers/server.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

const UPGRADE = Buffer.from(
  [
    'GET /v1/stream?ticket=x HTTP/1.1',
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Sec-WebSocket-Protocol: ${SUBPROTOCOL_MSGPACK}, sylstream.ticket.y`,
    'Origin: http://127.0.0.1',
    '',
    '',
  ].join('\r\n'),
);
const PLAIN = Buffer.from(
  UPGRADE.toString()
    .replace('?ticket=x', '')
    .replace(', sylstream.ticket.y', '')
    .replace(/Origin.*\r\n/, ''),
);
const HELLO_FRAME = frame(Buffer.from(codecOf(SUBPROTOCOL_MSGPACK)!.encode(HELLO) as Uint8Array));

const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 });
const edited = (bytes: Buffer) =>
  edits.map((list) => {
    const copy = Buffer.from(bytes);
    for (const [place, value] of list) copy[place % copy.length] = value;
    return copy;
  });

/** What a hostile peer writes, in pieces: a broken request, or a good one and then broken frames. */
const conversation = fc.oneof(
  edited(UPGRADE).map((request) => [request]),
  fc
    .tuple(edited(HELLO_FRAME), fc.uint8Array({ maxLength: 64 }))
    .map(([broken, rest]) => [PLAIN, broken, Buffer.from(rest)]),
  fc
    .uint8Array({ minLength: 1, maxLength: 64 })
    .map((rest) => [PLAIN, HELLO_FRAME, Buffer.from(rest)]),
  fc
    .tuple(fc.nat(15), fc.nat(255), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
    .map(([opcode, bits, length]) => {
      const head = Buffer.alloc(14); // any opcode, any length field
      head[0] = (bits & 0xf0) | opcode;
      head[1] = 0x80 | 127;
      head.writeBigUInt64BE(length, 2);
      return [PLAIN, HELLO_FRAME, head];
    }),
);

describe('hostile bytes', () => {
  it('below the messages neither end the server nor stay', async () => {
    const conversations = fc.sample(conversation, { numRuns: 1500, seed: 77 });
    await withServer(
      models,
      { resumeWindowMs: 0, upgradeTimeoutMs: 1000 },
      async ({ url, streamUrl }) => {
        const { hostname, port } = new URL(url);
        async function peer(first: number): Promise<void> {
          for (let n = first; n < conversations.length; n += 30) {
            const socket = connect(Number(port), hostname);
            const closed = new Promise<void>((done) => socket.once('close', () => done()));
            socket.on('error', () => undefined);
            socket.resume();
            for (const piece of conversations[n]) socket.write(piece);
            await Promise.race([closed, wait(30)]);
            socket.destroy();
            await closed;
          }
        }
        await Promise.all(Array.from({ length: 30 }, (_, k) => peer(k)));
        const metrics = await untilEmpty(url);
        expect(metrics).toMatch(/closes_total\{code="\d+"\} [1-9]/);
        await greet(streamUrl);
      },
    );
  });
});
