import { NEVER } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SylstreamServer } from '../../server/index.ts';
import type { Models } from '../../src/models/loadModels.ts';
import type { ClientMessage, ServerMessage } from '../../src/protocol/index.ts';
import { longSpeech } from '../helpers/pipeline.ts';
import { encodeS16le } from '../../src/audio/pcm.ts';
import { greet } from '../helpers/rawClient.ts';
import type { RawClient } from '../helpers/rawClient.ts';
import { tinyModels, withServer } from '../helpers/server.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

/** Three seconds of speech and a little more, so that the last words are in no whole step. */
const samples = longSpeech(4).subarray(0, 3 * 16_000 + 1234);

/** Sends all of it in messages of a second. */
function speak(client: RawClient): void {
  for (let n = 0; n < samples.length; n += 16_000) {
    const d = new Uint8Array(encodeS16le(samples.subarray(n, n + 16_000)));
    client.send({ t: 'a', n, d } satisfies ClientMessage);
  }
}

const unitsOf = (received: readonly ServerMessage[]) => received.filter(({ t }) => t === 'u');

/** The units of a client that says `end` itself. */
async function endedUnits({ streamUrl }: SylstreamServer): Promise<ServerMessage[]> {
  const client = await greet(streamUrl);
  speak(client);
  client.send({ t: 'end' });
  await client.closed;
  return unitsOf(client.received);
}

describe('a session that the server ends', () => {
  it('has all its acknowledged audio decided at the deadline of a drain', () =>
    withServer(models, { drainMs: 300 }, async (server) => {
      const expected = await endedUnits(server);
      const client = await greet(server.streamUrl);
      speak(client);
      const drained = server.drain();
      expect(await client.refusal()).toMatchObject({ code: 'draining', close: 1012 });
      await drained;
      expect(unitsOf(client.received)).toEqual(expected);
      const last = client.received.findLast(({ t }) => t === 'ack');
      expect(last).toMatchObject({ n: samples.length, credit: 0 });
      expect(client.received.at(-1)).toMatchObject({ t: 'error' });
      expect(server.stock()).toEqual({ live: 0, parked: 0, undecidedSeconds: 0 });
    }));

  it('has it decided when it is too old', () =>
    withServer(models, { sessionSeconds: 2, goawayMs: 1900 }, async (server) => {
      const expected = await endedUnits(server);
      const client = await greet(server.streamUrl);
      speak(client);
      expect(await client.refusal()).toMatchObject({ code: 'session_limit', close: 1008 });
      expect(unitsOf(client.received)).toEqual(expected);
    }));

  it('comes to its done where its client has said end', () =>
    withServer(models, { drainMs: 0 }, async (server) => {
      const client = await greet(server.streamUrl);
      speak(client);
      client.send({ t: 'end' });
      client.send({ t: 'ping' });
      await client.next('pong');
      await server.drain();
      expect(await client.next('done')).toMatchObject({ samples: samples.length });
      expect(await client.closed).toBe(1000);
    }));

  it('is refused without its units after the time of a closing handshake', () => {
    const settings = { drainMs: 0, closeTimeoutMs: 200 };
    const pipeline = () => NEVER;
    return withServer(
      models,
      settings,
      async (server) => {
        const client = await greet(server.streamUrl);
        speak(client);
        client.send({ t: 'ping' });
        await client.next('pong');
        expect(server.stock()).toMatchObject({ live: 1, undecidedSeconds: 3.08 });
        const drained = server.drain();
        expect(await client.refusal()).toMatchObject({ code: 'draining', close: 1012 });
        await drained;
      },
      { pipeline },
    );
  });
});
