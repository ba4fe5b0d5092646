import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Control, Rate, SpeechEvent } from '../../../src/core/types.ts';
import type { WireAudioFormat } from '../../../src/protocol/index.ts';
import type { InferenceThread } from '../../../src/models/inference/threads.ts';
import { createHistory, type Entry } from '../../../src/streams/pool/history.ts';
import type { PooledStream } from '../../../src/streams/pool/pooledStream.ts';
import type { StreamPool } from '../../../src/streams/pool/poolTypes.ts';
import { replayPlace } from '../../../src/streams/pool/replayPlace.ts';
import type { ShardStreamOptions, Snapshot } from '../../../src/streams/pool/shardMessages.ts';
import { createStreamPool } from '../../../src/streams/pool/streamPool.ts';
import { BUNDLES, TINY_WAVE } from '../../helpers/bundles.ts';
import { encodePcm } from '../../helpers/encodePcm.ts';
import { seeded } from '../../helpers/cuts.ts';
import { longSpeech, unitsIn } from '../../helpers/pipeline.ts';
import { present } from '../../helpers/require.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const FORMATS = [
  { encoding: 's16le', sampleRate: 16_000, channels: 1 },
  { encoding: 'mulaw', sampleRate: 8_000, channels: 1 },
  { encoding: 'f32le', sampleRate: 44_100, channels: 2 },
  { encoding: 'alaw', sampleRate: 48_000, channels: 1 },
] as const satisfies readonly { encoding: WireAudioFormat; sampleRate: number; channels: number }[];

interface Kind {
  readonly format: (typeof FORMATS)[number];
  readonly options: ShardStreamOptions;
  readonly entries: readonly Entry[];
}

/** A stream of its own kind: format, options, flushes and turns of the dial at odd places, holes. */
function streamOf(n: number, seconds: number): Kind {
  const random = seeded(n);
  const format = FORMATS[n % FORMATS.length];
  const { channels, sampleRate, encoding } = format;
  const speech = longSpeech((seconds * sampleRate * channels) / 16_000, 1 - n / 40, n);
  const bytes = encodePcm(speech, encoding);
  const momentBytes = (bytes.length / speech.length) * channels;
  const history = createHistory(momentBytes);
  const whole = Math.floor(bytes.length / momentBytes);
  let flushes = 0;
  const controls: (() => Control)[] = [
    () => ({ control: 'flush', id: `f${flushes++}` }),
    () => ({ control: 'rate', rate: ([5, 6.25, 'natural', 8.33, 7] as Rate[])[n % 5] }),
    () => ({ control: 'rate', rate: 5.5, fromSample: Math.floor(random() * seconds * 16_000) }),
  ];
  for (let at = 0; at < whole;) {
    const moments = Math.min(whole - at, 1 + Math.floor((random() * sampleRate) / 3));
    if (random() < 0.05) history.silence(moments);
    else history.audio(bytes.subarray(at * momentBytes, (at + moments) * momentBytes));
    at += moments;
    while (random() < 0.15) history.control(controls[Math.floor(random() * 3)]());
  }
  const options = {
    partials: n % 2 === 0,
    merge: n % 5 === 1,
    features: n % 3 === 0,
    holdRate: n % 4 === 1,
    ...(n % 7 === 2 && { maxDelayMs: 300 }),
    ...(n % 7 === 3 && { maxDelayMs: 20_000 }),
    ...(n % 6 === 4 && { rate: 6.25 as Rate }),
  };
  return { format, options, entries: history.fresh() };
}

const bundles = BUNDLES.filter(([name, directory]) =>
  present(`bundle ${name}`, existsSync(directory)),
);
const kinds = [
  ...bundles.flatMap(([name, bundle]) =>
    (name === 'small' ? (['int8'] as const) : (['int8', 'fp32'] as const)).map((precision) => ({
      name,
      bundle,
      precision,
      count: name === 'small' ? 4 : 8,
      seconds: name === 'small' ? 20 : 7,
    })),
  ),
  // What it keeps is the audio itself.
  { name: 'tiny wave', bundle: TINY_WAVE, precision: 'int8' as const, count: 4, seconds: 4 },
];

describe.each(kinds)(
  'a stream taken over by another pool, $name, $precision',
  ({ bundle, precision, name, count, seconds }) => {
    let pools: StreamPool[];
    const threads: InferenceThread[] = [];
    const streams = Array.from({ length: count }, (_, n) => streamOf(n, seconds));

    beforeAll(async () => {
      const onThread = (thread: InferenceThread): void => void threads.push(thread);
      pools = await Promise.all(
        [1, 2].map((shards) =>
          createStreamPool({ bundle, precision, lm: false, shards, onThread }),
        ),
      );
    });
    afterAll(() => Promise.all(pools.map((pool) => pool.close())));

    /** Runs a stream; `between`: what happens after an entry, true moves it to the other pool. */
    async function run(
      { format, options, entries }: Kind,
      between: (entry: number, stream: PooledStream) => boolean | Promise<boolean>,
    ): Promise<{ events: SpeechEvent[]; moves: number }> {
      let events: SpeechEvent[] = [];
      let newest: { snapshot: Snapshot; events: number } | undefined;
      let moves = 0;
      let next = 0;
      for (;;) {
        const from = newest;
        if (from) events = events.slice(0, from.events);
        let ended: () => void;
        let failed: (error: Error) => void;
        const over = new Promise<void>((resolve, reject) => {
          ended = resolve;
          failed = reject;
        });
        over.catch(() => undefined);
        const stream = pools[moves % 2].open(
          format,
          options,
          {
            event: (event) => void events.push(event),
            completed: () => ended(),
            failed: (error) => failed(error),
            snapshot: (snapshot) => (newest = { snapshot, events: events.length }),
          },
          from?.snapshot.state,
        );
        const give = history(format, entries.slice(0, next));
        const place = replayPlace(from?.snapshot.from ?? 0, format.sampleRate);
        for (const entry of give.since(place, from?.snapshot.controls ?? 0)) hand(stream, entry);
        let isMoving = false;
        while (next < entries.length && !isMoving) {
          hand(stream, entries[next++]);
          stream.snapshot();
          isMoving = await between(next, stream);
        }
        if (!isMoving) {
          stream.end();
          await over;
          return { events, moves };
        }
        stream.release();
        moves++;
      }
    }

    it('gives every event of one that is not, bit for bit, wherever it happens, whoever dies and rests', async () => {
      const undisturbed = await Promise.all(streams.map((one) => run(one, () => false)));
      let moves = 0;
      await Promise.all(
        streams.map(async (one, n) => {
          const random = seeded(n + 100);
          const moved = await run(one, async (_, stream) => {
            for (let i = 0; i < 30 * random(); i++) await turn();
            if (n % 2 === 0 && random() < 0.2) stream.rest();
            if (n % 2 === 0 && random() < 0.01)
              await threads.at(-1 - Math.floor(3 * random()))!.kill();
            return random() < (name === 'small' ? 0.1 : 0.2);
          });
          moves += moved.moves;
          expect(moved.events, `stream ${n}`).toEqual(undisturbed[n].events);
        }),
      );
      expect(moves).toBeGreaterThan(2 * streams.length);
      expect(undisturbed.flatMap(({ events }) => unitsIn(events)).length).toBeGreaterThan(
        3 * count * seconds,
      );
    }, 120_000);
  },
);

function history({ channels, encoding }: Kind['format'], entries: readonly Entry[]) {
  const bytes = { s16le: 2, f32le: 4, mulaw: 1, alaw: 1 }[encoding];
  const all = createHistory(channels * bytes);
  for (const entry of entries) {
    if (entry.type === 'audio') all.audio(entry.bytes);
    else if (entry.type === 'silence') all.silence(entry.moments);
    else all.control(entry.control);
  }
  return all;
}

function hand(stream: PooledStream, entry: Entry): void {
  if (entry.type === 'audio') stream.audio(entry.bytes);
  else if (entry.type === 'silence') stream.silence(entry.moments);
  else stream.control(entry.control);
}
