import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Settings, SylstreamServer } from '../../../server/index.ts';
import { encodeS16le } from '../../../src/audio/pcm.ts';
import { PipelineError } from '../../../src/core/errors.ts';
import { loadModels } from '../../../src/models/loadModels.ts';
import type { Models } from '../../../src/models/loadModels.ts';
import type { FinalUnit, WireContinuationEnd } from '../../../src/protocol/index.ts';
import { TINY } from '../../helpers/bundles.ts';
import { predictedAfter, predictedFor } from '../../helpers/predictions.ts';
import { longSpeech } from '../../helpers/pipeline.ts';
import { greet } from '../../helpers/rawClient.ts';
import type { DialOptions, RawClient } from '../../helpers/rawClient.ts';
import { tinyModels, withServer } from '../../helpers/server.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

const speech = encodeS16le(longSpeech(12));
const WANTED: DialOptions = { hello: { want: { continuation: true } } };

/** Sends speech from sample `from` to `to`, flushes, and returns all units so far. */
async function speak(
  client: RawClient,
  from: number,
  to: number,
): Promise<readonly (FinalUnit & { start: number; end: number })[]> {
  for (let n = from; n < to; n += 8000) {
    client.send({ t: 'a', n, d: speech.subarray(2 * n, 2 * Math.min(to, n + 8000)) });
  }
  client.send({ t: 'flush', id: `to ${to}` });
  await client.next('flushed');
  return unitsOf(client);
}

function unitsOf({ received }: RawClient): (FinalUnit & { start: number; end: number })[] {
  return received.flatMap((each) =>
    each.t === 'u' ? [{ ...each, start: each.s, end: each.e }] : [],
  );
}

/** The `gend`s of a request so far. */
function endsOf({ received }: RawClient, id: string | number): WireContinuationEnd[] {
  return received.filter(
    (each): each is WireContinuationEnd => each.t === 'gend' && each.id === id,
  );
}

const serving = <T>(
  act: (server: SylstreamServer) => Promise<T>,
  settings: Partial<Settings> = {},
): Promise<T> => withServer(models, { aheadLiveMs: 20_000, ...settings }, act);

describe('gen', () => {
  it.each([
    ['in MessagePack, announced', WANTED],
    ['in JSON, not announced', { json: true }],
  ])('answers with what the model itself expects, %s', (_name, options) =>
    serving(async ({ streamUrl }) => {
      const client = await greet(streamUrl, options);
      expect(client.ready.model.lm).toBe(true);
      const units = await speak(client, 0, 80_000);
      expect(units.length).toBeGreaterThan(8);
      const wanted = { max: 12, n: 4, temp: 0.9, top_k: 3, top_p: 0.8, penalty: 1.2, seed: 7 };
      client.send({ t: 'gen', id: 'a', ...wanted });
      const after = units.length - 1;
      expect(await client.next('gend')).toEqual({ t: 'gend', id: 'a', reason: 'done', after });
      const drawn = { n: 4, temperature: 0.9, topK: 3, topP: 0.8, penalty: 1.2, seed: 7 };
      const expected = await predictedAfter(models, units, { units: 12, ...drawn });
      expect(expected).toHaveLength(48);
      expect(predictedFor(client.received, 'a', after)).toEqual(expected);

      client.send({ t: 'gen', id: 'b', max: 300, seconds: 1.5 });
      await client.next('gend');
      const inSeconds = await predictedAfter(models, units, { units: 300, seconds: 1.5 });
      expect(inSeconds.length).toBeLessThan(30);
      expect(predictedFor(client.received, 'b')).toEqual(inSeconds);
    }),
  );

  it('before any unit begins with nothing', () =>
    serving(async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      client.send({ t: 'gen', id: 1, max: 5, seed: 3 });
      expect(await client.next('gend')).toMatchObject({ reason: 'done', after: -1 });
      expect(predictedFor(client.received, 1)).toEqual(
        await predictedAfter(models, [], { units: 5, seed: 3 }),
      );
    }));

  it('on every unit continues after the last unit of a step, until it is cancelled', () =>
    serving(async ({ streamUrl }) => {
      const client = await greet(streamUrl, WANTED);
      client.send({ t: 'gen', id: 'live', max: 3, n: 2, on: 'unit', seed: 5 });
      for (let to = 8000; to <= 96_000; to += 8000) await speak(client, to - 8000, to);
      client.send({ t: 'ping', x: 1 });
      await client.next('pong');
      const units = unitsOf(client);
      const last = units.length - 1;
      await until(() => endsOf(client, 'live').some(({ after }) => after === last));

      const ends = endsOf(client, 'live');
      expect(ends.every(({ more }) => more === true)).toBe(true);
      expect(new Set(ends.map(({ after }) => after)).size).toBe(ends.length); // one continuation a unit at most
      expect(ends.length).toBeGreaterThan(5);
      for (const { after, reason } of ends) {
        const expected = await predictedAfter(models, units.slice(0, after! + 1), { units: 3, n: 2, seed: 5 }); // prettier-ignore
        const got = predictedFor(client.received, 'live', after);
        expect(['done', 'superseded']).toContain(reason);
        expect(got).toEqual(reason === 'done' ? expected : expected.slice(0, got.length));
      }
      expect(ends.at(-1)).toMatchObject({ reason: 'done', after: last });

      client.send({ t: 'cancel', id: 'live' });
      expect((await nextEnd(client, ends.length)).more).toBeUndefined();
      expect(endsOf(client, 'live').at(-1)).toMatchObject({ reason: 'cancelled', after: last });
      const count = client.received.length;
      await speak(client, 96_000, 128_000);
      const later = client.received.slice(count);
      expect(later.filter(({ t }) => t === 'g' || t === 'gend')).toEqual([]);
    }));

  it('on every flush continues after it, and not after units', () =>
    serving(async ({ streamUrl }) => {
      const client = await greet(streamUrl, WANTED);
      client.send({ t: 'gen', id: 'f', max: 2, on: 'flush' });
      for (const [from, to] of [
        [0, 48_000],
        [48_000, 64_000],
      ]) {
        // prettier-ignore
        const before = endsOf(client, 'f').length;
        const after = (await speak(client, from, to)).length - 1;
        await until(() => endsOf(client, 'f').length > before);
        expect(endsOf(client, 'f').slice(before)).toEqual([
          { t: 'gend', id: 'f', reason: 'done', after, more: true },
        ]);
      }
    }));

  it('is overtaken by a newer unit', () =>
    serving(
      async ({ streamUrl }) => {
        const client = await greet(streamUrl, WANTED);
        const units = await speak(client, 0, 48_000);
        client.send({ t: 'gen', id: 'long', max: 300, n: 16 });
        await client.next('g');
        await speak(client, 48_000, 96_000);
        const after = units.length - 1;
        expect(endsOf(client, 'long')).toEqual([
          { t: 'gend', id: 'long', reason: 'superseded', after },
        ]);
        expectNothingAfterEnd(client, 'long');
      },
      { predictedPerSecond: 100_000 },
    ));

  it('is cancelled within one step', () =>
    serving(
      async ({ streamUrl, url }) => {
        const client = await greet(streamUrl, WANTED);
        const units = await speak(client, 0, 48_000);
        client.send({ t: 'gen', id: 'long', max: 300, n: 16 });
        await client.next('g');
        client.send({ t: 'cancel', id: 'long' });
        expect(await client.next('gend')).toMatchObject({
          reason: 'cancelled',
          after: units.length - 1,
        });
        expectNothingAfterEnd(client, 'long');
        const steps = async (): Promise<number> =>
          Number(/sylstream_lm_steps_total (\d+)/.exec(await (await fetch(`${url}/metrics`)).text())![1]); // prettier-ignore
        const atCancel = await steps();
        await new Promise((done) => setTimeout(done, 300));
        expect((await steps()) - atCancel).toBeLessThanOrEqual(16); // the 16 of the step that was under way
        client.send({ t: 'cancel', id: 'long' }); // was answered
        client.send({ t: 'cancel', id: 'never' });
        client.send({ t: 'ping', x: 9 });
        await client.next('pong');
        expect(client.received.filter(({ t }) => t === 'gend')).toHaveLength(1);
      },
      { predictedPerSecond: 100_000 },
    ));

  it('is cancelled by the end of the stream', () =>
    serving(async ({ streamUrl }) => {
      const client = await greet(streamUrl, WANTED);
      await speak(client, 0, 48_000);
      client.send({ t: 'gen', id: 's', max: 3, on: 'unit' });
      client.send({ t: 'end' });
      await client.closed;
      const tail = client.received.filter(({ t }) => ['gend', 'done'].includes(t)).slice(-2);
      expect(tail).toMatchObject([{ t: 'gend', id: 's', reason: 'cancelled' }, { t: 'done' }]);
    }));
});

describe('gen without a model for the stream', () => {
  it('is unsupported when the bundle has none', async () => {
    const without = await loadModels({ bundle: TINY, workers: 1, lm: false });
    await withServer(without, {}, async ({ streamUrl }) => {
      const client = await greet(streamUrl, WANTED);
      expect(client.ready.model.lm).toBe(false);
      client.send({ t: 'gen', id: 1, max: 3 });
      expect(await client.next('gend')).toMatchObject({ id: 1, reason: 'unsupported' });
      client.send({ t: 'gen', id: 2, max: 3, on: 'unit' });
      expect(await client.next('gend')).toEqual({ t: 'gend', id: 2, reason: 'unsupported', after: -1 }); // prettier-ignore
    });
    await without.close();
  });

  it('is unsupported at another rate, from the hello on or from a turn of the dial on', () =>
    serving(async ({ streamUrl }) => {
      const other = await greet(streamUrl, { hello: { rate: 5 } });
      expect(other.ready.model.lm).toBe(false);
      other.send({ t: 'gen', id: 1, max: 3 });
      expect(await other.next('gend')).toMatchObject({ reason: 'unsupported' });

      const client = await greet(streamUrl, WANTED);
      await speak(client, 0, 48_000);
      client.send({ t: 'gen', id: 's', max: 3, on: 'unit' });
      client.send({ t: 'set', rate: 5 });
      expect(await client.next('gend')).toMatchObject({ id: 's', reason: 'unsupported' });
      await speak(client, 48_000, 80_000);
      client.send({ t: 'gen', id: 't', max: 3 });
      expect(await client.next('gend')).toMatchObject({ id: 't', reason: 'unsupported' });

      client.send({ t: 'set', rate: 'natural' });
      const units = await speak(client, 80_000, 128_000);
      client.send({ t: 'gen', id: 'back', max: 6, seed: 2 });
      expect(await client.next('gend')).toMatchObject({ id: 'back', reason: 'done' });
      const known = units.filter(({ start }) => start >= 80_000);
      expect(known.length).toBeGreaterThan(2);
      expect(predictedFor(client.received, 'back')).toEqual(
        await predictedAfter(models, known, { units: 6, seed: 2 }),
      );
    }));
});

describe('bounds of gen', () => {
  it.each([3, 4, 5])('%i continuations at once, where 4 may be', (count) =>
    serving(async ({ streamUrl }) => {
      const client = await greet(streamUrl, WANTED);
      for (let id = 0; id < count; id++) client.send({ t: 'gen', id, max: 3, on: 'unit' });
      client.send({ t: 'ping' });
      await client.next('pong');
      const errors = client.received.filter(({ t }) => t === 'error');
      expect(errors).toMatchObject(
        count > 4 ? [{ code: 'rate_limited', fatal: false, ref: 4 }] : [],
      );
      client.send({ t: 'cancel', id: 0 });
      await client.next('gend');
      client.send({ t: 'gen', id: 9, max: 3 });
      expect(await client.next('gend')).toMatchObject({ id: 9, reason: 'done' });
    }),
  );

  it.each([
    [{ max: 0 }, 'malformed'],
    [{ max: 1 }, undefined],
    [{ max: 301 }, 'malformed'],
    [{ n: 16 }, undefined],
    [{ n: 17 }, 'malformed'],
    [{ seconds: 120, max: 2 }, undefined],
    [{ seconds: 121 }, 'malformed'],
    [{ temp: 10 }, undefined],
    [{ temp: 11 }, 'malformed'],
    [{ top_k: 0 }, 'malformed'],
    [{ top_k: 65_536 }, undefined],
    [{ top_p: 0 }, undefined],
    [{ top_p: 1.1 }, 'malformed'],
    [{ penalty: 0.1 }, undefined],
    [{ penalty: 0.09 }, 'malformed'],
    [{ seed: 2 ** 53 - 1 }, undefined],
    [{ seed: -1 }, 'malformed'],
    [{ on: 'never' }, 'malformed'],
  ])('%o: %s', (change, code) =>
    serving(async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      client.send({ t: 'gen', id: 1, max: 2, ...change });
      if (code === undefined) expect((await client.next('gend')).reason).toBe('done');
      else expect((await client.refusal()).code).toBe(code);
    }),
  );

  it('an id that is under way', () =>
    serving(async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      client.send({ t: 'gen', id: 'x', max: 3, on: 'unit' });
      client.send({ t: 'gen', id: 'x', max: 3 });
      expect(await client.next('error')).toMatchObject({ code: 'option', fatal: false, ref: 'x' });
      client.send({ t: 'cancel', id: 'x' });
      await client.next('gend');
      client.send({ t: 'gen', id: 'x', max: 3 });
      expect(await client.next('gend')).toMatchObject({ id: 'x', reason: 'done' });
    }));

  it('predicted units a second: the reserve, and one request more', () =>
    serving(
      async ({ streamUrl }) => {
        const client = await greet(streamUrl);
        client.send({ t: 'gen', id: 0, max: 5 }); // the whole reserve: 1 a second, 5 s at once
        expect((await client.next('gend')).reason).toBe('done');
        client.send({ t: 'gen', id: 1, max: 1 });
        expect(await client.next('error')).toMatchObject({ code: 'rate_limited', ref: 1 });
        await new Promise((done) => setTimeout(done, 1100));
        client.send({ t: 'gen', id: 2, max: 1 });
        expect((await client.next('gend')).reason).toBe('done');
      },
      { predictedPerSecond: 1 },
    ));

  it('continuations of all sessions under way', () =>
    serving(
      async ({ streamUrl, url }) => {
        const [first, second] = [await greet(streamUrl), await greet(streamUrl)];
        first.send({ t: 'gen', id: 1, max: 300, n: 16 });
        await first.next('g');
        second.send({ t: 'gen', id: 1, max: 1 });
        expect(await second.next('error')).toMatchObject({ code: 'rate_limited', ref: 1 });
        first.send({ t: 'cancel', id: 1 });
        await first.next('gend');
        await until(() => {
          second.send({ t: 'gen', id: 2, max: 1 });
          return endsOf(second, 2).length > 0;
        });
        const metrics = await (await fetch(`${url}/metrics`)).text();
        expect(metrics).toMatch(/^sylstream_continuations_total\{reason="cancelled"\} 1$/m);
        expect(metrics).toMatch(/^sylstream_continuations_total\{reason="refused"\} [1-9]/m);
        expect(metrics).toMatch(/^sylstream_continuation_first_unit_seconds_count [2-9]/m);
        expect(metrics).toMatch(/^sylstream_continuation_last_unit_seconds_count [1-9]/m);
        expect(metrics).toMatch(/^sylstream_predicted_units_total [1-9]/m);
        expect(metrics).toMatch(/^sylstream_lm_steps_total [1-9]/m);
      },
      { hypotheses: 16, predictedPerSecond: 100_000 },
    ));
});

describe('gen and a model that fails', () => {
  it.each([
    ['SYLSTREAM_ERR_LM', 'internal'],
    ['SYLSTREAM_ERR_WORKER', 'worker'],
  ] as const)('says %s without its words, and the stream goes on', async (code, wire) => {
    const lm = models.lm!;
    const faulty: Models = {
      ...models,
      lm: {
        ...lm,
        open: () => ({
          ...lm.open(),
          async *continue(options) {
            for await (const unit of lm.open().continue(options)) {
              yield unit;
              throw new PipelineError(code, 'secret words');
            }
            return 'done';
          },
        }),
      },
    };
    await withServer(faulty, { aheadLiveMs: 20_000 }, async ({ streamUrl, url }) => {
      const client = await greet(streamUrl, WANTED);
      await speak(client, 0, 32_000);
      client.send({ t: 'gen', id: 'x', max: 5 });
      const error = await client.next('error');
      expect(error).toMatchObject({ code: wire, fatal: false, ref: 'x' });
      expect(error.msg).not.toContain('secret');
      expect(predictedFor(client.received, 'x')).toHaveLength(1);
      client.send({ t: 'gen', id: 'x', max: 5 }); // its id is free again
      expect(await client.next('error')).toMatchObject({ code: wire, ref: 'x' });
      expect((await speak(client, 32_000, 64_000)).length).toBeGreaterThan(5);
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toMatch(/^sylstream_continuations_total\{reason="failed"\} 2$/m);
    });
  });
});

describe('gen and a lost connection', () => {
  it('ends with the connection, and knows the whole stream after a resume', () =>
    serving(
      async ({ streamUrl }) => {
        const first = await greet(streamUrl, WANTED);
        await speak(first, 0, 48_000);
        first.send({ t: 'gen', id: 's', max: 3, on: 'unit' });
        first.send({ t: 'gen', id: 'long', max: 300, n: 16 });
        await first.next('g');
        first.socket.terminate();
        await first.closed;
        const after = unitsOf(first).length - 1;
        const resume = { token: first.ready.token, after, flush: 'to 48000' };
        const second = await greet(streamUrl, { hello: { want: { continuation: true }, resume } });
        expect(second.ready).toMatchObject({ resumed: true, next: 48_000 });
        const more = await speak(second, 48_000, 96_000);
        const units = [...unitsOf(first), ...more];
        expect(second.received.filter(({ t }) => t === 'g' || t === 'gend')).toEqual([]);
        second.send({ t: 'gen', id: 's', max: 4, seed: 1 });
        expect(await second.next('gend')).toMatchObject({ id: 's', reason: 'done' });
        expect(predictedFor(second.received, 's')).toEqual(
          await predictedAfter(models, units, { units: 4, seed: 1 }),
        );
      },
      { predictedPerSecond: 100_000 },
    ));
});

function expectNothingAfterEnd({ received }: RawClient, id: string): void {
  const end = received.findIndex((each) => each.t === 'gend' && each.id === id);
  expect(end).toBeGreaterThan(0);
  expect(received.slice(end).filter((each) => each.t === 'g' && each.id === id)).toEqual([]);
}

async function nextEnd(client: RawClient, known: number): Promise<WireContinuationEnd> {
  await until(() => client.received.filter(({ t }) => t === 'gend').length > known);
  return client.received.findLast((each): each is WireContinuationEnd => each.t === 'gend')!;
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  await expect.poll(isTrue, { timeout: 10_000, interval: 10 }).toBe(true);
}
