import { firstValueFrom, lastValueFrom, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStream } from '../../src/client/index.ts';
import type { ContinuationEvent, StreamEvent, UnitStream } from '../../src/client/index.ts';
import type { Models } from '../../src/models/loadModels.ts';
import type { Unit } from '../../src/core/types.ts';
import { predictedAfter } from '../helpers/predictions.ts';
import { createMortalSockets } from '../helpers/mortalSockets.ts';
import { longSpeech } from '../helpers/pipeline.ts';
import { seeded } from '../helpers/cuts.ts';
import { tinyModels, withServer } from '../helpers/server.ts';

let models: Models;
beforeAll(async () => {
  models = await tinyModels();
});
afterAll(() => models.close());

const samples = longSpeech(12);

/** Writes speech up to a sample and waits until all of it is decided. */
async function speak(stream: UnitStream, from: number, to: number): Promise<void> {
  const flushed = new Promise<void>((done) => {
    const subscription = stream.events$.subscribe((event) => {
      if (event.type === 'flushed' && event.id === id) done(subscription.unsubscribe());
    });
  });
  await stream.write(samples.subarray(from, to));
  const id = stream.flush();
  await flushed;
}

function unitsOf(stream: UnitStream): Unit[] {
  const units: Unit[] = [];
  stream.units$.subscribe({ next: (unit) => units.push(unit), error: () => undefined });
  return units;
}

const predicted = (events: readonly ContinuationEvent[]) =>
  events.flatMap((event) => (event.type === 'predicted' ? [event.unit] : []));

describe('continuations', () => {
  it('are what the model predicts, as an Observable and in a loop, each listener a request', () =>
    withServer(models, {}, async ({ streamUrl }) => {
      const stream = openStream(streamUrl, { continuation: true });
      const units = unitsOf(stream);
      await speak(stream, 0, 48_000);
      const options = { n: 3, units: 8, temperature: 0.7, topK: 3, topP: 0.9, penalty: 1.1 };
      const next = stream.continuations({ ...options, seed: 4 });
      const [first, second] = await Promise.all([
        lastValueFrom(next.events$.pipe(toArray())),
        lastValueFrom(next.events$.pipe(toArray())),
      ]);
      const expected = await predictedAfter(models, units, { ...options, seed: 4 });
      expect(predicted(first)).toEqual(expected);
      expect(predicted(second)).toEqual(expected);
      const looped: ContinuationEvent[] = [];
      for await (const event of next) looped.push(event);
      expect(predicted(looped)).toEqual(expected);
      expect(looped.at(-1)).toMatchObject({
        type: 'continued',
        reason: 'done',
        after: units.length - 1,
        more: false,
      });
      expect(new Set([first, second, looped].map(([event]) => event.request)).size).toBe(3);
      stream.close();
    }));

  it('last one second unless told otherwise', () =>
    withServer(models, {}, async ({ streamUrl }) => {
      const stream = openStream(streamUrl);
      const units = unitsOf(stream);
      await speak(stream, 0, 48_000);
      const events = await lastValueFrom(stream.continuations().events$.pipe(toArray()));
      expect(predicted(events)).toEqual(await predictedAfter(models, units, { seconds: 1, units: 300 })); // prettier-ignore
      stream.close();
    }));

  it('end on the server when nobody listens any more', () =>
    withServer(models, { predictedPerSecond: 100_000 }, async ({ streamUrl, url }) => {
      const stream = openStream(streamUrl, { continuation: true });
      await speak(stream, 0, 48_000);
      for await (const event of stream.continuations({ units: 300, n: 16 })) {
        if (event.type === 'predicted') break;
      }
      const metrics = async (): Promise<string> => (await fetch(`${url}/metrics`)).text();
      await expect.poll(metrics).toMatch(/continuations_total\{reason="cancelled"\} 1$/m);
      stream.close();
    }));

  it('go on over lost connections, and know every unit', () =>
    withServer(models, {}, async ({ streamUrl }) => {
      const sockets = createMortalSockets(12, seeded(11));
      const stream = openStream(streamUrl, {
        continuation: true,
        webSocket: sockets.factory,
        backOffMs: 1,
        giveUpMs: 100_000,
      });
      const units = unitsOf(stream);
      const events: ContinuationEvent[] = [];
      const next = stream.continuations({ on: 'flush', units: 4, seed: 9 });
      const subscription = next.events$.subscribe((event) => events.push(event));
      for (let to = 16_000; to <= samples.length; to += 16_000) {
        await speak(stream, to - 16_000, to);
      }
      await expect
        .poll(() => events.some((each) => each.type === 'continued' && each.reason === 'done'))
        .toBe(true);
      expect(sockets.killed).toBeGreaterThan(5);
      for (const end of events.filter((each) => each.type === 'continued')) {
        if (end.reason !== 'done') continue;
        // A continuation that was begun before the connection dropped and again after it came twice in part.
        const got = predicted(events.filter(({ after }) => after === end.after)).slice(-4);
        const known = units.slice(0, end.after + 1);
        expect(got).toEqual(await predictedAfter(models, known, { units: 4, seed: 9 }));
      }
      subscription.unsubscribe();
      stream.close();
    }));

  it('fail alone when the server has no room for them, and the stream goes on', () =>
    withServer(models, { continuationRequests: 1 }, async ({ streamUrl }) => {
      const stream = openStream(streamUrl);
      const standing = stream.continuations({ on: 'unit', units: 2 }).events$.subscribe();
      await speak(stream, 0, 16_000);
      await expect(lastValueFrom(stream.continuations().events$)).rejects.toMatchObject({
        code: 'SYLSTREAM_ERR_RATE_LIMITED',
      });
      standing.unsubscribe();
      await expect
        .poll(async () => {
          const events$ = stream.continuations({ units: 1 }).events$;
          return lastValueFrom(events$).then(
            (event) => event.type,
            () => 'refused',
          );
        })
        .toBe('continued');
      await stream.end();
    }));

  it('are unsupported at a rate that the model does not know', () =>
    withServer(models, {}, async ({ streamUrl }) => {
      const stream = openStream(streamUrl, { rate: 5 });
      expect(await firstValueFrom(stream.continuations().events$)).toMatchObject({
        type: 'continued',
        reason: 'unsupported',
        more: false,
      });
      stream.close();
    }));

  it('stand among the stream’s own events, and end with it', () =>
    withServer(models, {}, async ({ streamUrl }) => {
      const stream = openStream(streamUrl);
      const events: StreamEvent[] = [];
      stream.events$.subscribe((event) => events.push(event));
      const own = lastValueFrom(
        stream.continuations({ on: 'unit', units: 2 }).events$.pipe(toArray()),
      );
      await speak(stream, 0, 48_000);
      await stream.end();
      const continued = await own;
      expect(continued.at(-1)).toMatchObject({ reason: 'cancelled', more: false });
      const among = events.filter(({ type }) => type === 'predicted' || type === 'continued');
      expect(among).toEqual(continued);
      expect(() => stream.ask({ id: 1, max: 1 })).toThrow(/over/);
      expect(await lastValueFrom(stream.continuations().events$.pipe(toArray()))).toEqual([]);
    }));
});
