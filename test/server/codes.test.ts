import { throwError } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Settings, SylstreamServer } from '../../server/index.ts';
import { hashToken } from '../../server/admission/auth.ts';
import { PipelineError } from '../../src/core/errors.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import type { Models } from '../../src/models/loadModels.ts';
import { disposition, errorCodeOf, WIRE_CODES } from '../../src/protocol/index.ts';
import { dial, greet, HELLO, tone } from '../helpers/rawClient.ts';
import type { RawClient } from '../helpers/rawClient.ts';
import { tinyModels, withPool, withServer } from '../helpers/server.ts';
import { speakingPool } from '../helpers/speakingBundle.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

const audio = (change: object) => ({ hello: { audio: { ...HELLO.audio, ...change } } });
const float = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));

interface Case {
  readonly code: string;
  readonly name: string;
  readonly settings?: Partial<Settings>;
  /** Makes the mistake and returns the client that must be refused. */
  readonly act: (server: SylstreamServer) => Promise<RawClient>;
}

/** A mistake after a valid hello. */
function after(...messages: (object | Uint8Array | string)[]): Case['act'] {
  return async ({ streamUrl }) => {
    const client = await greet(streamUrl);
    for (const message of messages) {
      if (message instanceof Uint8Array || typeof message === 'string') client.sendRaw(message);
      else client.send(message as Record<string, unknown>);
    }
    return client;
  };
}

/** A mistake in the hello, or instead of it. */
function first(options: Parameters<typeof dial>[1]): Case['act'] {
  return ({ streamUrl }) => dial(streamUrl, options);
}

const TOKEN = { tokenHashes: [hashToken('right')] };

const cases: readonly Case[] = [
  { code: 'malformed', name: 'bytes that are nothing', act: after(bytes('c1')) },
  { code: 'malformed', name: 'a text message in the binary form', act: after('{"t":"end"}') },
  { code: 'malformed', name: 'a broken map', act: after(bytes('82a174a161')) },
  { code: 'malformed', name: 'a missing field', act: after({ t: 'a', n: 0 }) },
  { code: 'malformed', name: 'a negative index', act: after({ t: 'a', n: -1, d: new Uint8Array(2) }) },
  { code: 'malformed', name: 'garbage instead of hello', act: async ({ streamUrl }) => {
    const client = await dial(streamUrl, { hello: false });
    client.sendRaw(new Uint8Array([1, 2, 3]));
    return client;
  } },
  { code: 'malformed', name: 'a hello without audio', act: first({ hello: { audio: undefined as never } }) },
  { code: 'audio_bytes', name: 'half a sample', act: after({ t: 'a', n: 0, d: new Uint8Array(3) }) },
  { code: 'audio_not_finite', name: 'NaN', act: async ({ streamUrl }) => {
    const client = await greet(streamUrl, audio({ fmt: 'f32le' }));
    client.send({ t: 'a', n: 0, d: float(0, NaN, 0) });
    return client;
  } },
  { code: 'audio_not_finite', name: 'infinity', act: async ({ streamUrl }) => {
    const client = await greet(streamUrl, audio({ fmt: 'f32le', rate: 44_100 }));
    client.send({ t: 'a', n: 0, d: float(0, -Infinity, 0) });
    return client;
  } },
  { code: 'audio_format', name: 'an unknown format', act: first(audio({ fmt: 'flac' })) },
  { code: 'audio_format', name: '7,999 Hz', act: first(audio({ rate: 7999 })) },
  { code: 'audio_format', name: '192,001 Hz', act: first(audio({ rate: 192_001 })) },
  { code: 'audio_format', name: '7 channels', act: first(audio({ ch: 7 })) },
  { code: 'audio_format', name: 'no channel', act: first(audio({ ch: 0 })) },
  { code: 'order', name: 'audio before hello', act: async ({ streamUrl }) => {
    const client = await dial(streamUrl, { hello: false });
    client.send(tone(0, 10));
    return client;
  } },
  { code: 'order', name: 'an unknown type before hello', act: async ({ streamUrl }) => {
    const client = await dial(streamUrl, { hello: false });
    client.send({ t: 'dance' });
    return client;
  } },
  { code: 'order', name: 'a second hello', act: after(HELLO) },
  { code: 'order', name: 'audio after end', act: after({ t: 'gap', n: 0, len: 60_000 }, { t: 'end' }, tone(60_000, 1)) },
  { code: 'order', name: 'a new flush after end', act: after({ t: 'gap', n: 0, len: 60_000 }, { t: 'end' }, { t: 'flush', id: 1 }) },
  { code: 'audio_gap', name: 'one sample too far', act: after(tone(0, 100), tone(101, 1)) },
  { code: 'audio_gap', name: 'a gap too far', act: after({ t: 'gap', n: 1, len: 1 }) },
  { code: 'option', name: 'a rate that no bundle has', act: first({ hello: { rate: 49 } }) },
  { code: 'model', name: 'another bundle', act: first({ hello: { model: 'large' } }) },
  { code: 'overrun', name: 'one sample over the credit', settings: { aheadLiveMs: 500 }, act: async ({ streamUrl }) => {
    const client = await greet(streamUrl, audio({ rate: 16_000 }));
    client.send({ t: 'gap', n: 0, len: client.ready.credit + 16_000 * 3600 });
    return client;
  } },
  { code: 'capacity', name: 'one stream too many', settings: { capacity: 1 }, act: async ({ streamUrl }) => {
    await greet(streamUrl);
    return dial(streamUrl);
  } },
  { code: 'capacity', name: 'too much memory in use', settings: { memoryMib: 1 }, act: first({}) },
  { code: 'auth', name: 'no credential', settings: TOKEN, act: first({}) },
  { code: 'auth', name: 'a wrong token', settings: TOKEN, act: first({ headers: { authorization: 'Bearer wrong' } }) },
  { code: 'auth', name: 'an unknown ticket', settings: TOKEN, act: first({ protocols: ['sylstream.ticket.none'] }) },
  { code: 'auth', name: 'a used ticket', settings: TOKEN, act: async (server) => {
    const protocols = [`sylstream.ticket.${await ticketOf(server)}`];
    await greet(server.streamUrl, { protocols });
    return dial(server.streamUrl, { protocols });
  } },
  { code: 'auth', name: 'an expired ticket', settings: { ...TOKEN, ticketTtlMs: 10 }, act: async (server) => {
    const ticket = await ticketOf(server);
    await new Promise((done) => setTimeout(done, 30));
    return dial(`${server.streamUrl}?ticket=${ticket}`);
  } },
  { code: 'origin', name: 'another page', act: first({ headers: { origin: 'https://evil.example' } }) },
  { code: 'origin', name: 'a page without origin', act: first({ headers: { origin: 'null' } }) },
  { code: 'hello_timeout', name: 'no hello', settings: { helloTimeoutMs: 100 }, act: first({ hello: false }) },
  { code: 'rate_limited', name: 'one socket too many', settings: { trustLoopback: false, openPerAddress: 1 }, act: async ({ streamUrl }) => {
    await greet(streamUrl);
    return dial(streamUrl);
  } },
  { code: 'session_limit', name: 'a session too old', settings: { sessionSeconds: 1, goawayMs: 900 }, act: async ({ streamUrl }) => {
    const client = await greet(streamUrl);
    expect(await client.next('goaway')).toMatchObject({ reason: 'session_limit' });
    return client;
  } },
  { code: 'superseded', name: 'an older connection', act: async ({ streamUrl }) => {
    const client = await greet(streamUrl);
    await greet(streamUrl, { hello: { resume: { token: client.ready.token, after: -1 } } });
    return client;
  } },
  { code: 'resume_expired', name: 'an unknown token', act: first({ hello: { resume: { token: 'x', after: 0, only: true } } }) },
  { code: 'resume_expired', name: 'more units than there were', act: async ({ streamUrl }) => {
    const { ready } = await greet(streamUrl);
    return dial(streamUrl, { hello: { resume: { token: ready.token, after: 5, only: true } } });
  } },
]; // prettier-ignore

async function ticketOf({ url }: SylstreamServer): Promise<string> {
  const headers = { authorization: 'Bearer right' };
  const response = await fetch(`${url}/v1/tickets`, { method: 'POST', headers });
  return ((await response.json()) as { ticket: string }).ticket;
}

const reached = new Set<string>();

describe('every code', () => {
  it.each(cases)('$code: $name', async ({ code, settings = {}, act }) => {
    await withServer(models, settings, async (server) => {
      const refusal = await (await act(server)).refusal();
      expect(refusal.error?.msg).toMatch(/\w/);
      expect({ code: refusal.code, close: refusal.close }).toEqual({
        code,
        close: disposition(errorCodeOf(code)).close,
      });
      reached.add(code);
    });
  });

  it.each(cases)(
    '$code: $name, and its session waits or not as the docs say',
    async ({ code, settings = {}, act }) => {
      await withServer(models, settings, async (server) => {
        const client = await act(server);
        await client.refusal();
        const ready = client.received.find(({ t }) => t === 'ready');
        if (ready?.t !== 'ready') return; // none began
        const { audio, token } = ready;
        const hello = { audio, resume: { token, after: -1 } };
        const isThere = disposition(errorCodeOf(code)).resumable || code === 'superseded';
        expect((await greet(server.streamUrl, { hello })).ready.resumed).toBe(isThere);
      });
    },
  );

  it('rate_limited: 64 turns of the dial may lie ahead, and the stream goes on', () =>
    withServer(models, {}, async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      for (let i = 1; i <= 65; i++)
        client.send({ t: 'set', rate: i % 2 ? 5 : 'natural', from: 320_000 + 3200 * i });
      expect(await client.next('error')).toMatchObject({
        code: 'rate_limited',
        fatal: false,
        ref: 'set',
      });
      client.send({ t: 'ping' });
      await client.next('pong');
      expect(client.received.filter(({ t }) => t === 'error').length).toBe(1);
      client.send(tone(0, 16_000));
      client.send({ t: 'end' });
      expect(await client.next('done')).toMatchObject({ samples: 16_000 });
    }));

  it('a flush said twice is answered once', () =>
    withServer(models, {}, async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      client.send(tone(0, 16_000));
      client.send({ t: 'flush', id: 'a' });
      await client.next('flushed');
      client.send({ t: 'flush', id: 'a' });
      client.send({ t: 'end' });
      await client.next('done');
      expect(client.received.filter(({ t }) => t === 'flushed').length).toBe(1);
    }));

  it('idle: a socket on which nothing comes', () =>
    withServer(models, { idleMs: 200, pingMs: 50 }, async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      client.socket.pong = () => undefined; // answers no ping
      (client.socket as unknown as { _autoPong: boolean })._autoPong = false;
      expect(await client.refusal()).toMatchObject({ code: 'idle', close: 4408 });
      reached.add('idle');
    }));

  it('slow_reader: pings unanswered, whatever else comes', () =>
    withServer(models, { idleMs: 300, pingMs: 50 }, async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      (client.socket as unknown as { _autoPong: boolean })._autoPong = false;
      const timer = setInterval(() => client.send({ t: 'ping' }), 20);
      const refusal = await client.refusal();
      clearInterval(timer);
      expect(refusal).toMatchObject({ code: 'slow_reader', close: 4413 });
      reached.add('slow_reader');
    }));

  it('too_big: one byte over 64 KiB', () =>
    withServer(models, {}, async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      client.sendRaw(new Uint8Array(64 * 1024 + 1));
      expect(await client.closed).toBe(1009);
      reached.add('too_big');
    }));

  it('voice and units: not fatal, of a bundle that speaks', async () => {
    const pool = await speakingPool();
    try {
      await withPool(pool, {}, async ({ streamUrl }) => {
        const client = await greet(streamUrl);
        const wrong = { voice: { of: 'units', ids: [1], voice: 'nobody' }, units: { of: 'units', ids: [99_999] } }; // prettier-ignore
        for (const [code, say] of Object.entries(wrong)) {
          client.send({ t: 'say', id: code, ...say });
          expect(await client.next('error')).toMatchObject({ code, fatal: false, ref: code });
          reached.add(code);
        }
        client.send({ t: 'end' });
        await client.next('done');
      });
    } finally {
      await pool.close();
    }
  });

  it('unknown_type: not fatal', () =>
    withServer(models, {}, async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      client.send({ t: 'dance' });
      expect(await client.next('error')).toMatchObject({ code: 'unknown_type', fatal: false });
      client.send({ t: 'ping', x: 7 });
      expect(await client.next('pong')).toMatchObject({ x: 7 });
      reached.add('unknown_type');
    }));

  it('audio_suspect: not fatal', () =>
    withServer(models, {}, async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      client.send({ t: 'a', n: 0, d: Buffer.from('RIFF1234WAVE') });
      expect(await client.next('error')).toMatchObject({ code: 'audio_suspect', fatal: false });
      client.send({ t: 'end' });
      expect(await client.next('done')).toMatchObject({ samples: 6 });
      reached.add('audio_suspect');
    }));

  it('option in set and rate_limited for flushes: not fatal', () =>
    withServer(models, { livePace: 1 }, async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      client.send({ t: 'set', rate: 49 });
      expect(await client.next('error')).toMatchObject({
        code: 'option',
        fatal: false,
        ref: 'set',
      });
      for (let id = 0; id < 80; id++) client.send({ t: 'flush', id });
      expect(await client.next('error')).toMatchObject({ code: 'rate_limited', fatal: false });
      client.send({ t: 'end' });
      await client.next('done');
    }));

  it('draining: at the deadline, and for whoever comes meanwhile', () =>
    withServer(models, { drainMs: 300 }, async (server) => {
      const client = await greet(server.streamUrl);
      const drained = server.drain();
      expect(await client.next('goaway')).toMatchObject({ reason: 'drain' });
      expect(server.readiness()).toMatchObject({ ready: false, reason: 'draining' });
      const late = await dial(server.streamUrl);
      expect(await late.refusal()).toMatchObject({ code: 'draining', close: 1012 });
      expect(await client.refusal()).toMatchObject({ code: 'draining', close: 1012 });
      await drained;
      reached.add('draining');
    }));

  it.each(['SYLSTREAM_ERR_ENCODER', 'SYLSTREAM_ERR_WORKER', 'SYLSTREAM_ERR_CLOSED'] satisfies ErrorCode[])(
    'the pipeline’s %s, without its words',
    (code) => {
      const error = new PipelineError(code, 'secret words');
      const pipeline = () => throwError(() => error);
      return withServer(models, {}, async ({ streamUrl }) => {
        const refusal = await (await dial(streamUrl)).refusal();
        const { wire } = disposition(code);
        expect(refusal).toMatchObject({ code: wire, close: 1011 });
        expect(refusal.error?.msg).not.toContain('secret');
        reached.add(wire);
      }, { pipeline });
    },
  ); // prettier-ignore

  it('is reached', () => {
    expect([...reached].sort()).toEqual([...WIRE_CODES].sort());
  });
});
