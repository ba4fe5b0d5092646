import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModels, type Models } from '../../../src/models/loadModels.ts';
import type { InferenceThread } from '../../../src/models/inference/threads.ts';
import type { PooledStream } from '../../../src/streams/pool/pooledStream.ts';
import type { StreamPool } from '../../../src/streams/pool/poolTypes.ts';
import { createStreamPool } from '../../../src/streams/pool/streamPool.ts';
import { keptShape } from '../../../src/models/encoder/remoteModel.ts';
import { ringBytes } from '../../../src/models/inference/kvRing.ts';
import {
  isControl,
  type Control,
  type PcmChunk,
  type SpeechEvent,
} from '../../../src/core/types.ts';
import { TINY } from '../../helpers/bundles.ts';
import { cutChunks, seeded } from '../../helpers/cuts.ts';
import { eventsOf, longSpeech, unitsIn } from '../../helpers/pipeline.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await turn();
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const FORMATS = [
  { sampleRate: 16_000, channels: 1 },
  { sampleRate: 8_000, channels: 1 },
  { sampleRate: 44_100, channels: 2 },
  { sampleRate: 48_000, channels: 1 },
];

/** A stream of its own kind: format, options, controls at odd places. */
function streamOf(n: number) {
  const format = FORMATS[n % FORMATS.length];
  const speech = longSpeech(5, 1 - n / 40, n);
  const chunks: (PcmChunk | Control)[] = cutChunks(
    speech.slice(speech.length % 2),
    n + 1,
    9000,
  ).map(({ samples }) => ({ samples }));
  const whole = chunks.filter((chunk) => isControl(chunk) || chunk.samples.length % 2 === 0);
  whole.splice(Math.floor(whole.length * 0.3), 0, { control: 'flush', id: `a${n}` });
  whole.splice(Math.floor(whole.length * 0.5), 0, { control: 'rate', rate: 6.25 });
  return { format, chunks: whole, options: { partials: n % 2 === 0, merge: n % 3 === 0 } };
}

describe('a pooled stream that rests', () => {
  let models: Models;
  let pool: StreamPool;
  const threads: InferenceThread[] = [];
  const streams = Array.from({ length: 8 }, (_, n) => streamOf(n));
  let expected: SpeechEvent[][];

  beforeAll(async () => {
    models = await loadModels({ bundle: TINY, workers: 1, lm: false });
    const onThread = (thread: InferenceThread): void => void threads.push(thread);
    pool = await createStreamPool({ bundle: TINY, lm: false, shards: 2, onThread });
    expected = await Promise.all(
      streams.map(({ chunks, options, format }) =>
        eventsOf(chunks, models, { ...options, ...format }),
      ),
    );
  });
  afterAll(() => Promise.all([pool.close(), models.close()]));

  /** Runs a stream; after each chunk `between` may do something to it. */
  function run(
    { chunks, options, format }: ReturnType<typeof streamOf>,
    between: (stream: PooledStream, chunk: number) => Promise<void>,
  ): Promise<SpeechEvent[]> {
    return new Promise((resolve, reject) => {
      const events: SpeechEvent[] = [];
      const stream = pool.open({ ...format, encoding: 'f32le' }, options, {
        event: (event) => void events.push(event),
        completed: () => resolve(events),
        failed: reject,
      });
      const feed = async (): Promise<void> => {
        for (const [index, chunk] of chunks.entries()) {
          if (isControl(chunk)) stream.control(chunk);
          else stream.audio(bytesOf(chunk.samples));
          await between(stream, index);
        }
        stream.end();
      };
      feed().catch(reject);
    });
  }

  it('gives every event of one that does not, bit for bit, whenever it is woken', async () => {
    let rests = 0;
    const all = await Promise.all(
      streams.map((one, n) => {
        const random = seeded(n);
        return run(one, async (stream) => {
          const kind = random();
          if (kind < 0.4) return;
          stream.rest();
          if (kind < 0.6) return; // woken before it sleeps
          if (kind < 0.7) return turn();
          await until(() => stream.restingBytes !== undefined);
          rests++;
        });
      }),
    );
    expect(all).toEqual(expected);
    expect(expected.flatMap(unitsIn).length).toBeGreaterThan(8 * 8);
    expect(rests).toBeGreaterThan(20);
  }, 60_000);

  it('gives them too when threads are killed while it goes to rest', async () => {
    const all = await Promise.all(
      streams.map((one, n) =>
        run(one, async (stream, chunk) => {
          stream.rest();
          if (chunk % 3 === 0) await until(() => stream.restingBytes !== undefined);
          if (chunk % 9 === n) await threads.at(-1 - (n % 2))!.kill();
        }),
      ),
    );
    expect(all).toEqual(expected);
    expect(pool.status().restarts).toBeGreaterThan(3);
  }, 120_000);

  it('holds no place, keeps a second of audio at most, and is forgotten when released', async () => {
    const opened = streams.map(({ format, options }) =>
      pool.open({ ...format, encoding: 'f32le' }, options, {
        event: () => undefined,
        completed: () => undefined,
        failed: () => undefined,
      }),
    );
    const seconds = 3;
    opened.forEach((stream, n) => {
      const { sampleRate, channels } = streams[n].format;
      stream.audio(new Uint8Array(4 * channels * sampleRate * seconds));
      stream.rest();
    });
    await until(() => opened.every((stream) => stream.restingBytes !== undefined));
    await until(() => pool.status().streams === 0);
    opened.forEach((stream, n) => {
      const { sampleRate, channels } = streams[n].format;
      const ring = ringBytes(keptShape(pool.bundle.config.encoder, false));
      const audio = 4 * channels * sampleRate * 1.5;
      expect(stream.restingBytes).toBeLessThan(ring + audio + 2 ** 18);
    });
    for (const stream of opened) stream.release();
    expect(opened.map(({ restingBytes }) => restingBytes)).toEqual(opened.map(() => undefined));
  });

  it('fails when it is woken after the pool was closed', async () => {
    const other = await createStreamPool({ bundle: TINY, lm: false, shards: 1 });
    const failed = new Promise<Error>((resolve) => {
      const stream = other.open(
        { encoding: 'f32le', sampleRate: 16_000, channels: 1 },
        {},
        {
          event: () => undefined,
          completed: () => undefined,
          failed: resolve,
        },
      );
      stream.rest();
      void until(() => stream.restingBytes !== undefined)
        .then(() => other.close())
        .then(() => stream.end());
    });
    expect(await failed).toMatchObject({ code: 'SYLSTREAM_ERR_CLOSED' });
  });
});
