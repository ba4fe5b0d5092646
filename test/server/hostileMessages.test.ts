import fc from 'fast-check';
import { pack } from 'msgpackr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Models } from '../../src/models/loadModels.ts';
import { WIRE_CODES } from '../../src/protocol/index.ts';
import { bytesInUse } from '../helpers/garbage.ts';
import { dial, greet, tone } from '../helpers/rawClient.ts';
import type { RawClient } from '../helpers/rawClient.ts';
import { untilEmpty } from '../helpers/untilEmpty.ts';
import { tinyModels, withServer } from '../helpers/server.ts';
import { CLIENT_EXAMPLES, SERVER_EXAMPLES } from '../vectors/examples.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

const MESSAGES = 100_000;
const ATTACKERS = 8;
/** Messages that a connection sends before it looks whether it still stands. */
const BURST = 20;
const CLOSE_CODES = [1000, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 4408, 4413];

const golden = [...Object.values(CLIENT_EXAMPLES), ...Object.values(SERVER_EXAMPLES)].map((each) =>
  Buffer.from(pack(each)),
);

/** A golden message with some bytes changed. */
const mutated = fc
  .tuple(fc.constantFrom(...golden), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
  .map(([bytes, edits]) => {
    const copy = Buffer.from(bytes);
    for (const [place, value] of edits) copy[place % copy.length] = value;
    return copy;
  });

/** A message of a known type whose fields hold anything. */
const structured = fc
  .record({
    t: fc.constantFrom(...Object.keys(CLIENT_EXAMPLES).map((name) => name.split('-')[0]), 'x'),
    fields: fc.dictionary(
      fc.constantFrom(
        'n',
        'd',
        'len',
        'id',
        'rate',
        'from',
        'max',
        'x',
        'on',
        'audio',
        'v',
        'resume',
      ),
      fc.oneof(
        fc.integer(),
        fc.double(),
        fc.string(),
        fc.boolean(),
        fc.uint8Array({ maxLength: 400 }),
        fc.constantFrom(null, 0, 1, 'natural', 5, [], {}, [[[[[[[[[0]]]]]]]]]),
      ),
      { maxKeys: 6 },
    ),
  })
  .map(({ t, fields }) => Buffer.from(pack({ ...fields, t })));

/** Valid messages in any order, so that sessions live long enough for the rest to matter. */
const valid = fc
  .oneof(
    fc.nat(3000).map((n) => tone(n % 7 === 0 ? 0 : n, (n % 50) + 1)),
    fc.constantFrom(
      { t: 'ping', x: 1 },
      { t: 'flush', id: 1 },
      { t: 'set', rate: 5 },
      { t: 'set', rate: 40 },
      { t: 'later' },
      { t: 'gen', id: 1, max: 3 },
    ),
    fc.record({ t: fc.constant('gap'), n: fc.nat(2000), len: fc.integer({ min: 1, max: 5000 }) }),
  )
  .map((message) => Buffer.from(pack(message)));

const anything = fc.oneof(
  { weight: 3, arbitrary: mutated },
  { weight: 3, arbitrary: structured },
  { weight: 12, arbitrary: valid },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
);

describe('hostile messages', { timeout: 300_000 }, () => {
  it('end in defined errors, 100,000 of them, with bounded memory', async () => {
    const messages = fc.sample(anything, { numRuns: MESSAGES, seed: 20_260_805 });
    const codes = new Map<string, number>();
    const closes = new Set<number>();

    async function attack(url: string, first: number, step: number): Promise<number> {
      let sent = 0;
      for (let next = first, turn = 0; next < messages.length; turn++) {
        const isGreeted = turn % 2 === 0; // half of them after a valid hello
        const client = isGreeted ? await greet(url) : await dial(url, { hello: false });
        const isOpen = (): boolean => client.socket.readyState === 1;
        while (isOpen() && next < messages.length) {
          for (let i = 0; i < BURST && next < messages.length; i++, next += step, sent++) {
            client.sendRaw(messages[next]);
          }
          await roundTrip(client);
        }
        client.socket.close(1000);
        closes.add(await client.closed);
        for (const message of client.received) {
          if (message.t === 'error') codes.set(message.code, (codes.get(message.code) ?? 0) + 1);
        }
      }
      return sent;
    }

    const settings = { messagesPerSecond: 1_000_000, resumeWindowMs: 0 };
    await withServer(models, settings, async ({ streamUrl, url }) => {
      await attack(streamUrl, 0, 50); // warm up
      const before = bytesInUse();
      const attackers = Array.from({ length: ATTACKERS }, (_, k) =>
        attack(streamUrl, k, ATTACKERS),
      );
      const sent = (await Promise.all(attackers)).reduce((sum, count) => sum + count, 0);
      const metrics = await untilEmpty(url);
      const grownMib = (bytesInUse() - before) / 2 ** 20;
      console.log(
        `${sent} messages, ${grownMib.toFixed(1)} MiB more, ${JSON.stringify([...codes])}`,
      );
      expect(sent).toBe(MESSAGES);
      expect(grownMib).toBeLessThan(32);
      for (const code of codes.keys()) expect(WIRE_CODES).toContain(code);
      const expected = ['malformed', 'unknown_type', 'order', 'audio_gap', 'audio_bytes', 'option'];
      expect([...codes.keys()]).toEqual(expect.arrayContaining(expected));
      for (const close of closes) expect(CLOSE_CODES).toContain(close);
      expect(metrics).not.toMatch(/code="SYLSTREAM_ERR_INTERNAL"/);
      await greet(streamUrl); // it still serves
    });
  });
});

/** Waits until the server has read all that was sent, or has closed. */
async function roundTrip(client: RawClient): Promise<void> {
  const ponged = new Promise<void>((done) => client.socket.once('pong', () => done()));
  if (client.socket.readyState === 1) client.socket.ping();
  await Promise.race([ponged, client.closed]);
}
