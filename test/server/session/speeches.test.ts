import { from, lastValueFrom, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Settings, SylstreamServer } from '../../../server/index.ts';
import { encodeS16le } from '../../../src/audio/pcm.ts';
import { speakUnits, type SpeakUnitsOptions } from '../../../src/operators/speakUnits.ts';
import type { Say, WireSound, WireSoundEnd } from '../../../src/protocol/index.ts';
import type { SpokenUnit } from '../../../src/speak/unitWindow.ts';
import type { StreamPool } from '../../../src/streams/pool/poolTypes.ts';
import { createStreamPool } from '../../../src/streams/pool/streamPool.ts';
import { TINY } from '../../helpers/bundles.ts';
import { joinChunks } from '../../helpers/cuts.ts';
import { longSpeech } from '../../helpers/pipeline.ts';
import { greet, type RawClient } from '../../helpers/rawClient.ts';
import { withPool } from '../../helpers/server.ts';
import { speakingPool } from '../../helpers/speakingBundle.ts';

let pool: StreamPool;
beforeAll(async () => {
  pool = await speakingPool();
});
afterAll(() => pool.close());

const speech = encodeS16le(longSpeech(8));
const UNITS: readonly (readonly [number, number, number])[] = [[1, 0, 2080], [0, 2080, 20_000], [4, 20_000, 23_200], [2, 23_200, 28_800]]; // prettier-ignore
const PLENTY = 10_000_000;

const serving = <T>(
  act: (server: SylstreamServer) => Promise<T>,
  settings: Partial<Settings> = {},
): Promise<T> => withPool(pool, { aheadLiveMs: 20_000, speechPace: 1000, ...settings }, act);

/** What the library itself makes of units. */
async function expected(units: readonly SpokenUnit[], options?: SpeakUnitsOptions) {
  const chunks = await lastValueFrom(from(units).pipe(speakUnits(pool.speaker!, options), toArray())); // prettier-ignore
  return [...encodeS16le(joinChunks(chunks))];
}

const timed = (units: typeof UNITS): SpokenUnit[] =>
  units.map(([id, start, end]) => ({ id, start, end }));

/** The sound of a `say` so far; it has no holes. */
function heardOf({ received }: RawClient, id: Say['id']): number[] {
  const sounds = received.filter((each): each is WireSound => each.t === 'w' && each.id === id);
  let n = 0;
  for (const sound of sounds) {
    expect(sound.n).toBe(n);
    n += sound.d.length / 2;
  }
  return sounds.flatMap(({ d }) => [...d]);
}

async function endOf(client: RawClient, id: Say['id']): Promise<WireSoundEnd> {
  const end = await client.next('wend');
  expect(end.id).toBe(id);
  return end;
}

function send(client: RawClient, samples: number, from = 0): void {
  for (let n = from; n < samples; n += 8000)
    client.send({ t: 'a', n, d: speech.subarray(2 * n, 2 * Math.min(samples, n + 8000)) });
}

/** Everything that the server has sent until now. */
async function settled(client: RawClient): Promise<void> {
  client.send({ t: 'ping' });
  await client.next('pong');
}

describe('say', () => {
  it.each([true, false])('says the units that come with it (JSON: %s)', (json) =>
    serving(async ({ streamUrl }) => {
      const client = await greet(streamUrl, { json });
      expect(client.ready.model.voices).toEqual(['one', 'two']);
      client.send({ t: 'say', id: 'a', of: 'units', us: UNITS, voice: 'two', credit: PLENTY });
      const samples = 28_800;
      expect(await endOf(client, 'a')).toEqual({ t: 'wend', id: 'a', reason: 'done', n: samples });
      expect(heardOf(client, 'a')).toEqual(await expected(timed(UNITS), { voice: 'two' }));

      client.send({ t: 'say', id: 'b', of: 'units', ids: [2, 0, 3], model: pool.bundle.hash });
      await endOf(client, 'b');
      expect(heardOf(client, 'b')).toEqual(await expected([{ id: 2 }, { id: 0 }, { id: 3 }]));
    }),
  );

  it('sends what the credit lets come, and the rest when it was heard', () =>
    serving(async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      client.send({ t: 'say', id: 1, of: 'units', us: UNITS, credit: 1000 });
      await client.next('w');
      await settled(client);
      expect(heardOf(client, 1)).toHaveLength(2000);
      client.send({ t: 'heard', id: 1, n: 500, credit: 19_500 });
      client.send({ t: 'heard', id: 1, n: 0, credit: 10 }); // takes nothing back
      while (heardOf(client, 1).length < 40_000) await client.next('w');
      await settled(client);
      expect(heardOf(client, 1)).toHaveLength(40_000);
      client.send({ t: 'heard', id: 1, n: 20_000, credit: PLENTY });
      await endOf(client, 1);
      expect(heardOf(client, 1)).toEqual(await expected(timed(UNITS)));
    }));

  it("says the stream's own units as they are decided, to the last, before done", () =>
    serving(async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      client.send({ t: 'say', id: 's', of: 'units', credit: PLENTY, lookahead: false });
      send(client, 64_000);
      await client.next('w'); // long before the end
      send(client, 128_000, 64_000);
      client.send({ t: 'end' });
      expect((await endOf(client, 's')).reason).toBe('done');
      await client.closed;
      const units = client.received.flatMap((each) =>
        each.t === 'u' ? [{ id: each.id, fine: each.fine, start: each.s, end: each.e }] : [],
      );
      expect(units.length).toBeGreaterThan(10);
      expect(heardOf(client, 's')).toEqual(await expected(units, { lookAhead: false }));
      expect(client.received.at(-1)!.t).toBe('done');
    }));

  it('says what comes next, which is told too', () =>
    serving(async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      send(client, 64_000);
      client.send({ t: 'flush', id: 0 });
      await client.next('flushed');
      const gen = { seed: 3, seconds: 1.5 };
      client.send({ t: 'say', id: 'c', of: 'continuation', gen, voice: 'two', credit: PLENTY });
      expect((await endOf(client, 'c')).reason).toBe('done');
      const ids = client.received.flatMap((each) => (each.t === 'g' ? [{ id: each.unit }] : []));
      expect(ids.length).toBeGreaterThan(2);
      expect(heardOf(client, 'c')).toEqual(await expected(ids, { voice: 'two' }));
    }));

  it('falls silent when it is cancelled, and says nothing after it', () =>
    serving(async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      client.send({ t: 'say', id: 1, of: 'units', us: UNITS, credit: 1000 });
      await client.next('w');
      client.send({ t: 'cancel', id: 1 });
      expect(await endOf(client, 1)).toEqual({ t: 'wend', id: 1, reason: 'cancelled', n: 1000 });
      client.send({ t: 'heard', id: 1, n: 0, credit: PLENTY });
      client.send({ t: 'cancel', id: 1 }); // was answered
      client.send({ t: 'say', id: 1, of: 'units', ids: [1] });
      expect((await endOf(client, 1)).reason).toBe('done');
      expect(client.received.filter(({ t }) => t === 'wend')).toHaveLength(2);
    }));

  it('is ended by a newer unit, unless it is to be kept', () =>
    serving(async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      client.send({ t: 'say', id: 'kept', of: 'units', us: UNITS, credit: 1000, keep: true });
      client.send({ t: 'say', id: 'cut', of: 'units', us: UNITS, credit: 1000 });
      send(client, 64_000);
      expect(await endOf(client, 'cut')).toMatchObject({ reason: 'superseded' });
      client.send({ t: 'heard', id: 'kept', n: 0, credit: PLENTY });
      expect(await endOf(client, 'kept')).toMatchObject({ reason: 'done', n: 28_800 });
    }));

  it('ends with its connection, and may be asked again after a resume', () =>
    serving(async ({ streamUrl }) => {
      const first = await greet(streamUrl);
      first.send({ t: 'say', id: 1, of: 'units', us: UNITS, credit: 1000 });
      await first.next('w');
      first.socket.terminate();
      const resume = { token: first.ready.token, after: -1 };
      const second = await greet(streamUrl, { hello: { resume } });
      expect(second.ready.resumed).toBe(true);
      second.send({ t: 'heard', id: 1, n: 0, credit: PLENTY });
      await settled(second);
      expect(second.received.some(({ t }) => t === 'w' || t === 'wend')).toBe(false);
      second.send({ t: 'say', id: 1, of: 'units', us: UNITS, credit: PLENTY });
      expect(await endOf(second, 1)).toMatchObject({ reason: 'done', n: 28_800 });
      expect(pool.speaker!.status().streams).toBe(0);
    }));

  it('is cancelled when the server stops, though nobody listens', () =>
    serving(
      async (server) => {
        const client = await greet(server.streamUrl);
        client.send({ t: 'say', id: 1, of: 'units', us: UNITS, credit: 0 });
        client.send({ t: 'end' });
        await settled(client);
        const drained = server.drain();
        expect((await endOf(client, 1)).reason).toBe('cancelled');
        await client.next('done');
        await drained;
      },
      { drainMs: 0 },
    ));
});

describe('what cannot be said', () => {
  const wrong: [string, Partial<Say>, string, RegExp][] = [
    ['a voice that is not there', { ids: [1], voice: 'three' }, 'voice', /among one, two, got/],
    ['an id that is not there', { ids: [1, 5] }, 'units', /unit 1: expected an id from 0 to 4/],
    ['a length of nothing', { us: [[1, 5, 5]] }, 'units', /samples of a unit, got 0/],
    ['an hour', { us: [[1, 0, 57_600_000]] }, 'units', /got 57600000/],
    ['a hole', { us: [[1, 0, 3200], [1, 3300, 6400]] }, 'units', /expected it to begin at/], // prettier-ignore
    ['no units', { us: [] }, 'units', /got none/],
    ["another bundle's", { ids: [1], model: 'a'.repeat(64) }, 'model', /this server runs/],
    ['a finer name that is not there', { ids: [1], fine: [9] }, 'units', /name from 0 to 8, got 9/],
    ['fewer finer names', { ids: [1, 2], fine: [1] }, 'option', /as many finer names as units, 2/],
    ['two kinds of units', { ids: [1], us: [[1, 0, 3200]] }, 'option', /got both/],
    ['a continuation of others', { of: 'continuation', ids: [1] }, 'option', /stream’s own/],
    ['units that are drawn', { gen: { max: 3 } }, 'option', /belongs to a continuation/],
  ];

  it('is refused by name, nothing is spoken, and the session goes on', () =>
    serving(async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      for (const [what, say, code, says] of wrong) {
        client.send({ t: 'say', id: what, of: 'units', ...say });
        const error = await client.next('error');
        expect(error, what).toMatchObject({ code, fatal: false, ref: what });
        expect(error.msg, what).toMatch(says);
      }
      expect(pool.speaker!.status().streams).toBe(0);
      client.send({ t: 'say', id: 1, of: 'units', ids: [1] });
      expect((await endOf(client, 1)).reason).toBe('done');
      expect(client.received.filter(({ t }) => t === 'wend')).toHaveLength(1);
    }));

  it('is bounded, for a session and for all', () =>
    serving(
      async ({ streamUrl, url }) => {
        const [first, second] = [await greet(streamUrl), await greet(streamUrl)];
        const say = (client: RawClient, id: number): void =>
          client.send({ t: 'say', id, of: 'units', us: UNITS, credit: 0 });
        say(first, 1);
        say(first, 1);
        expect(await first.next('error')).toMatchObject({ code: 'option', ref: 1 });
        say(first, 2);
        say(first, 3);
        expect(await first.next('error')).toMatchObject({ code: 'rate_limited', ref: 3 });
        say(second, 1);
        say(second, 2);
        expect(await second.next('error')).toMatchObject({ code: 'rate_limited', ref: 2 });
        first.send({ t: 'cancel', id: 2 });
        await endOf(first, 2);
        say(second, 2);
        second.send({ t: 'heard', id: 2, n: 0, credit: PLENTY });
        expect(await endOf(second, 2)).toMatchObject({ reason: 'done' });
        const metrics = await (await fetch(`${url}/metrics`)).text();
        expect(metrics).toMatch(/^sylstream_speeches_total\{reason="cancelled"\} 1$/m);
        expect(metrics).toMatch(/^sylstream_speeches_total\{reason="refused"\} 2$/m);
        expect(metrics).toMatch(/^sylstream_speaking_streams 2$/m);
        expect(metrics).toMatch(/^sylstream_spoken_seconds_total 1\.(8|79)/m);
        expect(metrics).toMatch(/^sylstream_speech_first_sound_seconds_count 1$/m);
        expect(metrics).toMatch(/^sylstream_vocoder_steps_total [1-9]/m);
      },
      { speeches: 3 },
    ));

  it('is everything where the bundle has no vocoder', async () => {
    const mute = await createStreamPool({ bundle: TINY, shards: 1, lm: false, speak: true });
    await withPool(mute, {}, async ({ streamUrl }) => {
      const client = await greet(streamUrl);
      expect(client.ready.model.voices).toBeUndefined();
      client.send({ t: 'say', id: 1, of: 'units', ids: [1] });
      expect(await endOf(client, 1)).toMatchObject({ reason: 'unsupported', n: 0 });
    });
    await mute.close();
  });

  it('is a continuation at a rate that the language model does not know', () =>
    serving(async ({ streamUrl }) => {
      const client = await greet(streamUrl, { hello: { rate: 5 } });
      client.send({ t: 'say', id: 1, of: 'continuation' });
      expect(await endOf(client, 1)).toMatchObject({ reason: 'unsupported', n: 0 });
      expect(pool.speaker!.status().streams).toBe(0);
    }));
});
