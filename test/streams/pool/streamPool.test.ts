import { from, lastValueFrom, Observable, toArray } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModels, type Models } from '../../../src/models/loadModels.ts';
import type { InferenceThread } from '../../../src/models/inference/threads.ts';
import { type StreamPool } from '../../../src/streams/pool/poolTypes.ts';
import { createStreamPool } from '../../../src/streams/pool/streamPool.ts';
import type { SpeechUnitsOptions } from '../../../src/streams/speechUnitsOptions.ts';
import type { Control, PcmChunk, SpeechEvent } from '../../../src/core/types.ts';
import { TINY } from '../../helpers/bundles.ts';
import { cutChunks } from '../../helpers/cuts.ts';
import { eventsOf, longSpeech, unitsIn } from '../../helpers/pipeline.ts';

/** A stream of its own kind: format, options, controls at odd places. */
function streamOf(n: number): { chunks: (PcmChunk | Control)[]; options: SpeechUnitsOptions } {
  const speech = longSpeech(6, 1 - n / 40, n);
  const formats = [
    { sampleRate: 16_000, channels: 1 },
    { sampleRate: 8_000, channels: 1 },
    { sampleRate: 44_100, channels: 2 },
    { sampleRate: 16_000, channels: 2 },
    { sampleRate: 48_000, channels: 1 },
  ];
  const chunks: (PcmChunk | Control)[] = cutChunks(speech, n + 1, 9000);
  const at = (share: number): number => Math.floor(chunks.length * share);
  chunks.splice(at(0.3), 0, { control: 'flush', id: `a${n}` });
  chunks.splice(at(0.5), 0, { control: 'rate', rate: 6.25, fromSample: 50_000 + 777 * n });
  chunks.splice(at(0.55), 0, { control: 'rate', rate: 5 }, { control: 'flush', id: n });
  chunks.splice(at(0.8), 0, { control: 'flush' }, { control: 'flush', id: 'twice' });
  const options = {
    ...formats[n % formats.length],
    partials: n % 2 === 0,
    features: n % 3 === 0,
    merge: n % 4 === 0,
    holdRate: n % 5 === 0,
    ...(n % 3 === 1 && { maxDelayMs: 200 }),
    ...(n % 7 === 6 && { maxDelayMs: Infinity }),
  };
  return { chunks, options };
}

/** The chunks of a stream, one a turn of the event loop, so that a death falls between them. */
function slowly(chunks: readonly (PcmChunk | Control)[]): Observable<PcmChunk | Control> {
  return new Observable((subscriber) => {
    let next = 0;
    const timer = setInterval(() => {
      if (next < chunks.length) subscriber.next(chunks[next++]);
      else subscriber.complete();
    }, 10);
    return () => clearInterval(timer);
  });
}

describe('a stream pool', () => {
  let models: Models;
  let expected: SpeechEvent[][];
  const streams = Array.from({ length: 12 }, (_, n) => streamOf(n));

  beforeAll(async () => {
    models = await loadModels({ bundle: TINY, workers: 1, lm: false });
    expected = await Promise.all(
      streams.map(({ chunks, options }) => eventsOf(chunks, models, options)),
    );
  });
  afterAll(() => models.close());

  async function withPool<T>(
    shards: number,
    act: (pool: StreamPool, threads: InferenceThread[]) => Promise<T>,
  ): Promise<T> {
    const threads: InferenceThread[] = [];
    const onThread = (thread: InferenceThread): void => void threads.push(thread);
    const pool = await createStreamPool({ bundle: TINY, lm: false, shards, onThread });
    try {
      return await act(pool, threads);
    } finally {
      await pool.close();
    }
  }

  const eventsIn = (
    pool: StreamPool,
    chunks$: Observable<PcmChunk | Control>,
    options: SpeechUnitsOptions,
  ): Promise<SpeechEvent[]> => lastValueFrom(pool.speechUnits(chunks$, options).pipe(toArray()));

  it.each([1, 2, 3, 4])(
    'gives every event of the pipeline in this thread, bit for bit, over %i shard(s)',
    async (shards) => {
      await withPool(shards, async (pool) => {
        const all = await Promise.all(
          streams.map(({ chunks, options }) => eventsIn(pool, from(chunks), options)),
        );
        expect(all).toEqual(expected);
        expect(expected.flatMap(unitsIn).length).toBeGreaterThan(12 * 15);
      });
    },
  );

  it('gives them too when its threads are killed in mid-stream, ten times', async () => {
    await withPool(2, async (pool, threads) => {
      let running = true;
      const all = Promise.all(
        streams.map(({ chunks, options }) => eventsIn(pool, slowly(chunks), options)),
      ).finally(() => (running = false));
      let deaths = 0;
      while (running && deaths < 10) {
        const { steps } = pool.status();
        while (running && pool.status().steps < steps + 20) {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        await threads.at(-1 - (deaths % 2))!.kill();
        deaths++;
      }
      expect(await all).toEqual(expected);
      expect(pool.status().restarts).toBeGreaterThan(3);
    });
  }, 240_000);
});
