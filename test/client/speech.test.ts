import { BehaviorSubject, filter, firstValueFrom, from, lastValueFrom, take, toArray } from 'rxjs';
import type { Observable } from 'rxjs';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStream, type StreamEvent, type UnitStream } from '../../src/client/index.ts';
import { decodePcm, encodeS16le } from '../../src/audio/pcm.ts';
import type { PcmChunk } from '../../src/core/types.ts';
import { speakUnits, type SpeakUnitsOptions } from '../../src/operators/speakUnits.ts';
import type { SpokenUnit } from '../../src/speak/unitWindow.ts';
import type { StreamPool } from '../../src/streams/pool/poolTypes.ts';
import { createStreamPool } from '../../src/streams/pool/streamPool.ts';
import { TINY } from '../helpers/bundles.ts';
import { joinChunks } from '../helpers/cuts.ts';
import { longSpeech } from '../helpers/pipeline.ts';
import { withPool } from '../helpers/server.ts';
import { speakingPool } from '../helpers/speakingBundle.ts';

let pool: StreamPool;
beforeAll(async () => {
  pool = await speakingPool();
});
afterAll(() => pool.close());

const UNITS: readonly SpokenUnit[] = [
  { id: 1, fine: 2, start: 0, end: 2080 },
  { id: 4, start: 2080, end: 5280 },
  { id: 2, start: 5280, end: 40_000 },
];

const said = async (pcm$: Observable<PcmChunk>): Promise<Float32Array> =>
  joinChunks(await lastValueFrom(pcm$.pipe(toArray())));

/** What the library makes of units, as it travels. */
const expected = async (units: readonly SpokenUnit[], options?: SpeakUnitsOptions) =>
  decodePcm(encodeS16le(await said(from(units).pipe(speakUnits(pool.speaker!, options)))), 's16le');

/** A stream whose own failure is not the subject. */
function open(...args: Parameters<typeof openStream>): UnitStream {
  const stream = openStream(...args);
  stream.events$.subscribe({ error: () => undefined });
  return stream;
}

describe('say', () => {
  it('is what the library itself says, as an Observable and in a loop', () =>
    withPool(pool, { speechPace: 1000 }, async ({ streamUrl }) => {
      const stream = open(streamUrl);
      const speech = stream.say({ units: UNITS, voice: 'two', ahead: 0.1 });
      const whole = await expected(UNITS, { voice: 'two' });
      expect(await said(speech.pcm$)).toEqual(whole);
      const looped: PcmChunk[] = [];
      for await (const chunk of speech) looped.push(chunk);
      expect(joinChunks(looped)).toEqual(whole);
      const ids = [{ id: 3 }, { id: 0 }, { id: 1 }];
      expect(await said(stream.say({ units: ids, lookAhead: false }).pcm$)).toEqual(
        await expected(ids, { lookAhead: false }),
      );
      stream.close();
    }));

  it("is the stream's own units, and what comes next", () =>
    withPool(pool, { speechPace: 1000, aheadLiveMs: 20_000, livePace: 1000 }, async (server) => {
      const stream = open(server.streamUrl);
      const events: StreamEvent[] = [];
      stream.events$.subscribe((event) => events.push(event));
      const own = said(stream.say().pcm$);
      await stream.write(longSpeech(6));
      stream.flush();
      await nextOf(stream, 'flushed');
      const next = await said(stream.say({ continuation: { seconds: 0.8, seed: 2 } }).pcm$);
      const ids = events.flatMap((event) => (event.type === 'predicted' ? [event.unit] : []));
      expect(next).toEqual(await expected(ids.map(({ id }) => ({ id }))));
      await stream.end();
      const units = events.flatMap((event) => (event.type === 'unit' ? [event.unit] : []));
      expect(await own).toEqual(await expected(units));
    }));

  it('comes no further ahead than it was heard, where a player tells', () =>
    withPool(pool, { speechPace: 1000 }, async ({ streamUrl }) => {
      const stream = open(streamUrl);
      const heard$ = new BehaviorSubject(0);
      let samples = 0;
      const done = new Promise<void>((complete) => {
        stream.say({ units: UNITS, ahead: 0.5, heard$ }).pcm$.subscribe({
          next(chunk) {
            samples += chunk.samples.length;
            expect(samples).toBeLessThanOrEqual(heard$.value + 8000);
            if (samples === heard$.value + 8000) queueMicrotask(() => heard$.next(samples));
          },
          complete,
        });
      });
      await done;
      expect(samples).toBe(40_000);
      expect(heard$.observed).toBe(false);
      stream.close();
    }));

  it('is cancelled when nobody listens any more', () =>
    withPool(pool, { speechPace: 1000 }, async ({ streamUrl }) => {
      const stream = open(streamUrl);
      const ended = nextOf(stream, 'spoken');
      await lastValueFrom(stream.say({ units: UNITS, ahead: 0.1 }).pcm$.pipe(take(1)));
      expect(await ended).toMatchObject({ type: 'spoken', reason: 'cancelled' });
      stream.close();
    }));

  it('fails with its connection, and can be asked again', () =>
    withPool(pool, { speechPace: 1000 }, async ({ streamUrl }) => {
      const sockets: WebSocket[] = [];
      const stream = open(streamUrl, {
        backOffMs: 1,
        webSocket: ({ url, protocols, headers }) => {
          const socket = new WebSocket(url, [...protocols], { headers });
          sockets.push(socket);
          return socket;
        },
      });
      const { pcm$ } = stream.say({ units: UNITS, heard$: new BehaviorSubject(0), ahead: 0.1 });
      const failed = lastValueFrom(pcm$);
      await nextOf(stream, 'sound');
      sockets[0].terminate();
      await expect(failed).rejects.toMatchObject({ code: 'SYLSTREAM_ERR_CONNECTION' });
      // Asked while there is no connection, it waits for one.
      expect(await said(stream.say({ units: UNITS }).pcm$)).toEqual(await expected(UNITS));
      expect(sockets.length).toBe(2);
      stream.close();
    }));

  it('fails with a named error for what cannot be said', () =>
    withPool(pool, {}, async ({ streamUrl }) => {
      const stream = open(streamUrl);
      const code = (name: string) => ({ code: `SYLSTREAM_ERR_${name}` });
      const say = (options: Parameters<UnitStream['say']>[0]) => said(stream.say(options).pcm$);
      await expect(say({ units: [{ id: 5 }] })).rejects.toMatchObject(code('UNITS'));
      await expect(say({ units: UNITS, voice: 'x' })).rejects.toMatchObject(code('VOICE'));
      await expect(say({ units: UNITS, model: 'x' })).rejects.toMatchObject(code('MODEL'));
      expect(() => stream.say({ units: [] })).toThrow(RangeError);
      expect(() => stream.say({ units: UNITS, continuation: {} })).toThrow(TypeError);
      expect(() => stream.say({ units: [{ id: 1 }, ...UNITS] })).toThrow(/all have start and end/);
      expect(() => stream.say({ ahead: 0 })).toThrow(RangeError);
      stream.close();
      await expect(say({ units: UNITS })).resolves.toHaveLength(0); // the stream is over
    }));

  it('fails where the server cannot speak', async () => {
    const mute = await createStreamPool({ bundle: TINY, shards: 1, lm: false });
    await withPool(mute, {}, async ({ streamUrl }) => {
      const stream = open(streamUrl);
      const failed = said(stream.say({ units: UNITS }).pcm$);
      await expect(failed).rejects.toMatchObject({ code: 'SYLSTREAM_ERR_OPTION' });
      stream.close();
    });
    await mute.close();
  });
});

/** The next event of a type. */
function nextOf(stream: UnitStream, type: StreamEvent['type']): Promise<StreamEvent> {
  return firstValueFrom(stream.events$.pipe(filter((event) => event.type === type)));
}
