/**
 * Streams that speak at once, in real time: how soon the first sound comes, what a stream costs; with --pairs also how much later the
 * units of live streams come beside them: npm run bench:speak -- [--bundle FOLDER] [--streams 20] [--seconds 20] [--pairs 5 --live 20]
 */
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { lastValueFrom, Subject, tap } from 'rxjs';
import { runLiveStreams } from '../src/bench/liveStreams.ts';
import { summarise } from '../src/bench/percentiles.ts';
import { toSeconds } from '../src/core/time.ts';
import { loadModels } from '../src/models/loadModels.ts';
import { createLocalPool } from '../src/streams/pool/localPool.ts';
import { speakUnits } from '../src/operators/speakUnits.ts';
import type { SpokenUnit } from '../src/speak/unitWindow.ts';
import { decodePcm } from '../src/audio/pcm.ts';
import { speechBytes } from './server/speech.ts';

const { values } = parseArgs({
  options: {
    bundle: { type: 'string' },
    streams: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '20' },
    pairs: { type: 'string', default: '0' },
    live: { type: 'string', default: '20' },
  },
});
const [streams, seconds, pairs, live] = [
  values.streams,
  values.seconds,
  values.pairs,
  values.live,
].map(Number);
const models = await loadModels({ bundle: values.bundle, lm: false, speak: true });
const speaker = models.speaker!;

/** Milliseconds from the arrival of the last unit that a stretch of sound needs to that sound: of the first of each stream, and of all. */
interface Lags {
  readonly first: number[];
  readonly all: number[];
  samples: number;
}

/** Hands units over as they would be said, one when the one before is over. */
async function speak(stream: number, lags: Lags): Promise<void> {
  const source = new Subject<SpokenUnit>();
  let handed = 0;
  let isFirst = true;
  const done = lastValueFrom(
    source.pipe(
      speakUnits(speaker, { voice: speaker.voices[stream % speaker.voices.length] }),
      tap(({ samples }) => {
        const lag = performance.now() - handed;
        lags.all.push(lag);
        if (isFirst) lags.first.push(lag);
        isFirst = false;
        lags.samples += samples.length;
      }),
    ),
    { defaultValue: undefined },
  );
  await wait((200 * stream) / streams);
  const begin = performance.now();
  for (let at = 0, k = 0; at < 16_000 * seconds; k++) {
    const id = 1 + ((7 * stream + 31 * k) % speaker.merged);
    const end = at + 320 * (8 + ((stream + k) % 6));
    handed = performance.now();
    source.next({ id, start: at, end });
    at = end;
    await wait(Math.max(0, begin + 1000 * toSeconds(at) - performance.now()));
  }
  source.complete();
  await done;
}

async function speakAll(): Promise<Lags> {
  const lags: Lags = { first: [], all: [], samples: 0 };
  await Promise.all(Array.from({ length: streams }, (_, stream) => speak(stream, lags)));
  return lags;
}

const inMs = (lags: readonly number[]): string => {
  const { p50, p95, p99 } = summarise(lags);
  return [p50, p95, p99].map((ms) => ms.toFixed(0)).join(', ');
};
const where = (): string => `load ${loadavg()[0].toFixed(1)} on ${availableParallelism()} cores`;

const before = process.cpuUsage();
const start = performance.now();
const lags = await speakAll();
const { user, system } = process.cpuUsage(before);
const wall = performance.now() - start;
const share = (user + system) / 1000 / wall / streams;
console.log(
  `${streams} streams, ${Math.round(toSeconds(lags.samples))} s of speech in ${(wall / 1000).toFixed(1)} s: sound ` +
    `${inMs(lags.all)} ms after the last unit that it needs, the first ${inMs(lags.first)} ms (p50, p95, p99), ` +
    `${(100 * share).toFixed(2)} % of a core a stream; ${where()}`,
);

if (pairs > 0) {
  const speech = decodePcm(speechBytes(), 's16le');
  const listen = async (): Promise<number> =>
    (await runLiveStreams(createLocalPool(models), { streams: live, seconds, speech })).lag.p99;
  const rises: number[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const alone = await listen();
    const [beside] = await Promise.all([listen(), speakAll()]);
    rises.push(beside - alone);
    console.log(
      `pair ${pair}: p99 of units ${alone.toFixed(1)} ms alone, ${beside.toFixed(1)} beside`,
    );
  }
  const median = rises.sort((a, b) => a - b)[Math.floor(rises.length / 2)];
  console.log(
    `${live} live streams beside ${streams} that speak: p99 rises by ${median.toFixed(1)} ms (median of ${pairs}); ${where()}`,
  );
}
await models.close();
