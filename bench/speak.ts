/** Streams that speak at once, in real time: how soon the first sound comes, what a stream costs: npx tsx bench/speak.ts [bundle] [streams] [seconds] */
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { lastValueFrom, Subject, tap } from 'rxjs';
import { summarise } from '../src/bench/percentiles.ts';
import { toSeconds } from '../src/core/time.ts';
import { defaultBundle, readBundle } from '../src/models/bundle/manifest.ts';
import { createUnitSpeaker } from '../src/models/speak/unitSpeaker.ts';
import { speakUnits } from '../src/operators/speakUnits.ts';
import type { SpokenUnit } from '../src/speak/unitWindow.ts';

const [bundle = defaultBundle(), streams = '20', seconds = '20'] = process.argv.slice(2);
const speaker = await createUnitSpeaker(await readBundle(bundle));
/** Milliseconds from the arrival of the last unit that a stretch of sound needs to that sound. */
const lags: number[] = [];
let spoken = 0;

/** Hands units over as they would be said, one when the one before is over. */
async function speak(stream: number): Promise<void> {
  const source = new Subject<SpokenUnit>();
  let handed = 0;
  const done = lastValueFrom(
    source.pipe(
      speakUnits(speaker, { voice: speaker.voices[stream % speaker.voices.length] }),
      tap(({ samples }) => {
        lags.push(performance.now() - handed);
        spoken += samples.length;
      }),
    ),
    { defaultValue: undefined },
  );
  await wait((200 * stream) / Number(streams));
  const begin = performance.now();
  for (let at = 0, k = 0; at < 16_000 * Number(seconds); k++) {
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

const before = process.cpuUsage();
const start = performance.now();
await Promise.all(Array.from({ length: Number(streams) }, (_, stream) => speak(stream)));
const { user, system } = process.cpuUsage(before);
const wall = performance.now() - start;
await speaker.close();
const { p50, p95, p99 } = summarise(lags);
const share = (user + system) / 1000 / wall / Number(streams);
console.log(
  `${streams} streams, ${Math.round(toSeconds(spoken))} s of speech in ${(wall / 1000).toFixed(1)} s: sound ` +
    `${[p50, p95, p99].map((ms) => ms.toFixed(0)).join(', ')} ms after the last unit that it needs (p50, p95, p99), ` +
    `${(100 * share).toFixed(2)} % of a core a stream; load ${loadavg()[0].toFixed(1)} on ${availableParallelism()} cores`,
);
