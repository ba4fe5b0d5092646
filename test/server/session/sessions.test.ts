import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStream } from '../../../src/client/index.ts';
import type { StreamEvent, WebSocketFactory } from '../../../src/client/index.ts';
import { hashToken } from '../../../server/admission/auth.ts';
import type { Models } from '../../../src/models/loadModels.ts';
import type { Hello } from '../../../src/protocol/index.ts';
import { createMortalSockets } from '../../helpers/mortalSockets.ts';
import { longSpeech } from '../../helpers/pipeline.ts';
import { dial, greet, HELLO, tone } from '../../helpers/rawClient.ts';
import { untilEmpty } from '../../helpers/untilEmpty.ts';
import { tinyModels, withServer } from '../../helpers/server.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

/** Tries until the server has noticed that a place is free. */
async function untilReady(url: string, hello: Partial<Hello> = {}) {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      return await greet(url, { hello });
    } catch {
      await new Promise((done) => setTimeout(done, 20)); // full still: come back
    }
  }
  throw new Error('the server stays full');
}

/** The first socket is cut at its tenth message; the next ones come when the server has forgotten the session. */
function cutOnce(serverUrl: string): WebSocketFactory {
  const sockets = createMortalSockets(1, () => Math.log(10) / Math.log(40));
  return async (request) => {
    if (sockets.killed > 0) await untilEmpty(serverUrl);
    return sockets.factory(request);
  };
}

describe('a session that comes back', () => {
  it('goes on at the next sample, under a new token', () =>
    withServer(models, {}, async ({ streamUrl }) => {
      const first = await greet(streamUrl);
      first.send(tone(0, 16_000));
      await first.next('ack');
      first.socket.terminate();
      const second = await greet(streamUrl, {
        hello: { resume: { token: first.ready.token, after: -1 } },
      });
      expect(second.ready).toMatchObject({ resumed: true, next: 16_000, sid: first.ready.sid });
      expect(second.ready.token).not.toBe(first.ready.token);
      second.send({ t: 'end' });
      expect(await second.next('done')).toMatchObject({ samples: 16_000 });
      expect(await second.closed).toBe(1000);
    }));

  it('may use its old token again until it has answered a ready, and not after', () =>
    withServer(models, {}, async ({ streamUrl }) => {
      const first = await greet(streamUrl);
      first.send({ t: 'ping' });
      const resume = { token: first.ready.token, after: -1 };
      const second = await greet(streamUrl, { hello: { resume } });
      const third = await greet(streamUrl, { hello: { resume } });
      expect([second.ready.resumed, third.ready.resumed]).toEqual([true, true]);
      third.send({ t: 'ping' });
      await third.next('pong');
      const fourth = await greet(streamUrl, { hello: { resume } });
      expect(fourth.ready).toMatchObject({ resumed: false, next: 0 });
    }));

  it('takes the place of the connection that was there', () =>
    withServer(models, {}, async ({ streamUrl }) => {
      const first = await greet(streamUrl);
      const resume = { token: first.ready.token, after: -1 };
      const second = await greet(streamUrl, { hello: { resume } });
      expect(await first.refusal()).toMatchObject({ code: 'superseded', close: 4409 });
      second.send({ t: 'ping', x: 1 });
      await second.next('pong');
    }));

  it('is gone after its window, said openly or by resume_expired', () =>
    withServer(models, { resumeWindowMs: 0 }, async ({ streamUrl }) => {
      const first = await greet(streamUrl);
      first.socket.terminate();
      await new Promise((done) => setTimeout(done, 300));
      const resume = { token: first.ready.token, after: -1 };
      const second = await greet(streamUrl, { hello: { resume } });
      expect(second.ready.resumed).toBe(false);
      const third = await dial(streamUrl, { hello: { resume: { ...resume, only: true } } });
      expect(await third.refusal()).toMatchObject({ code: 'resume_expired', close: 4410 });
    }));

  it('belongs to the credential that made it', () =>
    withServer(
      models,
      { tokenHashes: [hashToken('one'), hashToken('two')] },
      async ({ streamUrl }) => {
        const first = await greet(streamUrl, { headers: { authorization: 'Bearer one' } });
        first.socket.terminate();
        const hello = { resume: { token: first.ready.token, after: -1 } };
        const thief = await greet(streamUrl, { hello, headers: { authorization: 'Bearer two' } });
        expect(thief.ready.resumed).toBe(false);
        const owner = await greet(streamUrl, { hello, headers: { authorization: 'Bearer one' } });
        expect(owner.ready.resumed).toBe(true);
      },
    ));

  it('is refused when the server is full, and waits on', () =>
    withServer(models, { capacity: 1 }, async ({ streamUrl }) => {
      const first = await greet(streamUrl);
      first.socket.terminate();
      const other = await untilReady(streamUrl);
      const hello = { resume: { token: first.ready.token, after: -1 } };
      const refused = await (await dial(streamUrl, { hello })).refusal();
      expect(refused).toMatchObject({ code: 'capacity', close: 1013 });
      expect(refused.error?.retry_after_ms).toBeGreaterThan(0);
      other.socket.close(1000);
      await other.closed;
      const back = await untilReady(streamUrl, hello);
      expect(back.ready.resumed).toBe(true);
    }));

  it('makes room when too many wait: the oldest goes', () =>
    withServer(models, { parkedSessions: 1 }, async ({ streamUrl }) => {
      const clients = [await greet(streamUrl), await greet(streamUrl)];
      for (const client of clients) {
        client.socket.terminate();
        await client.closed;
        await new Promise((done) => setTimeout(done, 50));
      }
      const answers: boolean[] = [];
      for (const { ready } of clients) {
        const hello = { resume: { token: ready.token, after: -1 } };
        answers.push((await greet(streamUrl, { hello })).ready.resumed);
      }
      expect(answers).toEqual([false, true]);
    }));

  it('cannot change its audio', () =>
    withServer(models, {}, async ({ streamUrl }) => {
      const first = await greet(streamUrl);
      const hello = {
        audio: { ...HELLO.audio, rate: 8000 },
        resume: { token: first.ready.token, after: -1 },
      };
      expect(await (await dial(streamUrl, { hello })).refusal()).toMatchObject({
        code: 'option',
        close: 1008,
      });
    }));

  it('is gone when its client left in order', () =>
    withServer(models, {}, async ({ streamUrl }) => {
      const first = await greet(streamUrl);
      first.socket.close(1000);
      await first.closed;
      const hello = { resume: { token: first.ready.token, after: -1 } };
      expect((await greet(streamUrl, { hello })).ready.resumed).toBe(false);
    }));
});

describe('a client whose session was lost', () => {
  const samples = longSpeech(6);

  async function lose(
    onLost: 'fail' | 'restart',
  ): Promise<{ events: StreamEvent[]; error: unknown }> {
    return withServer(models, { resumeWindowMs: 0 }, async ({ streamUrl, url }) => {
      const stream = openStream(streamUrl, {
        pace: 'file',
        onLost,
        webSocket: cutOnce(url),
      });
      const events: StreamEvent[] = [];
      let error: unknown;
      stream.events$.subscribe({
        next: (event) => events.push(event),
        error: (cause) => (error = cause),
      });
      await stream.write(samples).catch(() => undefined);
      await stream.end().catch(() => undefined);
      return { events, error };
    });
  }

  it('fails by default, with resume_expired', async () => {
    const { events, error } = await lose('fail');
    expect(error).toMatchObject({ code: 'SYLSTREAM_ERR_RESUME_EXPIRED' });
    expect(events.some(({ type }) => type === 'reconnecting')).toBe(true);
  });

  it('begins anew with what it has when told to, and says so; indices and times go on', async () => {
    const { events, error } = await lose('restart');
    expect(error).toBeUndefined();
    const restarted = events.find(({ type }) => type === 'restarted');
    expect(restarted).toBeDefined();
    const units = events.flatMap((event) => (event.type === 'unit' ? [event.unit] : []));
    expect(units.map(({ index }) => index)).toEqual(units.map((_, i) => i));
    expect(units.at(-1)!.end).toBeLessThanOrEqual(samples.length);
    expect(units.at(-1)!.end).toBeGreaterThan(samples.length - 16_000);
    expect(events.at(-1)).toMatchObject({
      type: 'done',
      units: units.length,
      samples: samples.length,
    });
  });
});
