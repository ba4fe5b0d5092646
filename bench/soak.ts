/**
 * `npm run bench:soak`: many short sessions, then live streams at a part of the capacity for a long time; tells how much
 * memory grew after the warm-up, what handles stayed open, and how the lag's 99th percentile moved.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { openStream } from '../src/client/index.ts';
import { runLoad } from './server/load.ts';
import { startChild } from './server/processes.ts';
import type { Child, ChildFigures } from './server/processes.ts';
import { speechBytes } from './server/speech.ts';

const { values } = parseArgs({
  options: {
    bundle: { type: 'string' },
    shards: { type: 'string' },
    sessions: { type: 'string', default: '10000' },
    minutes: { type: 'string', default: '30' },
    part: { type: 'string', default: '0.8' },
    capacity: { type: 'string', default: '0' },
    parallel: { type: 'string', default: '16' },
  },
});
const sessions = Number(values.sessions);
const minutes = Number(values.minutes);
const speech = speechBytes();
/** Minutes of live streams after which memory has its shape: every slot was in use. */
const WARM_UP_MINUTES = 5;

/** Sessions of one to two seconds, some ended in order, some left, some cut. */
async function churn(url: string, count: number): Promise<void> {
  let left = count;
  async function one(): Promise<void> {
    while (left-- > 0) {
      const stream = openStream(url, { pace: 'file', giveUpMs: 60_000 });
      stream.events$.subscribe({ error: (error: unknown) => console.error(String(error)) });
      const from = 2 * Math.floor((Math.random() * speech.length) / 4);
      await stream.write(speech.subarray(from, from + 32_000 + 2 * (left % 16_000)));
      if (left % 10 === 0) stream.close();
      else await stream.end();
    }
  }
  await Promise.all(Array.from({ length: Number(values.parallel) }, one));
}

/** What is in use now, against what was in use at `from`. */
function memory(from: ChildFigures, now: ChildFigures): string {
  const part = (a: number, b: number): string =>
    `${a.toFixed(1)} → ${b.toFixed(1)} MiB (${((100 * (b - a)) / a).toFixed(1)} %)`;
  return `heap and buffers ${part(from.heapMib, now.heapMib)}, resident ${part(from.rssMib, now.rssMib)}`;
}

/** Slope of a line through the values, per step (least squares). */
function slope(y: readonly number[]): number {
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  const middle = (y.length - 1) / 2;
  const over = y.reduce((sum, value, x) => sum + (x - middle) * (value - mean), 0);
  const under = y.reduce((sum, _, x) => sum + (x - middle) ** 2, 0);
  return under === 0 ? 0 : over / under;
}

/** Live streams for some minutes; tells every minute, at the end how lag and memory moved. */
async function live(
  { figures }: Child<unknown>,
  url: string,
  streams: number,
): Promise<readonly ChildFigures[]> {
  const p99s: number[] = [];
  const idle: ChildFigures[] = [];
  for (let minute = 1; minute <= minutes; minute++) {
    const load = {
      url,
      streams,
      seconds: 60,
      chunkMs: 20,
      jitterMs: 10,
      answers: 'units',
    } as const;
    const { lagMs, sendDelayMs, lost } = await runLoad(load);
    p99s.push(lagMs.p99);
    const now = await figures();
    idle.push(now);
    console.log(
      `minute ${minute}: ${streams} streams, lag p50 ${lagMs.p50.toFixed(1)} p99 ${lagMs.p99.toFixed(1)} max ${lagMs.max.toFixed(1)} ms, ` +
        `generator late p99 ${sendDelayMs.p99.toFixed(1)}, ${now.cpuCores.toFixed(2)} cores, ${now.heapMib.toFixed(1)} MiB heap and buffers, ` +
        `${now.rssMib.toFixed(0)} MiB resident, lost ${JSON.stringify(lost)}, load ${loadavg()[0].toFixed(1)}`,
    );
  }
  if (minutes > 0) console.log(`slope of the lag's p99: ${slope(p99s).toFixed(3)} ms a minute`);
  return idle;
}

async function main(): Promise<void> {
  const child = await startChild<{ url: string; capacity: number }>({
    role: 'server',
    ...(values.shards !== undefined && { shards: Number(values.shards) }),
    capacity: Number(values.capacity),
    streams: 0,
    seconds: 0,
    chunkMs: 20,
    ...(values.bundle !== undefined && { bundle: values.bundle }),
  });
  const { url, capacity } = child.first;
  const fresh = await child.figures();
  console.log(`capacity ${capacity}, load average ${loadavg()[0].toFixed(1)}`);
  console.log(`open handles before the first session: ${fresh.handles.join(', ')}`);

  await churn(url, Math.ceil(sessions / 10));
  const warm = await child.figures();
  const began = performance.now();
  await churn(url, sessions);
  const seconds = (performance.now() - began) / 1000;
  const churned = await child.figures();
  console.log(`${sessions} sessions in ${seconds.toFixed(0)} s: ${memory(warm, churned)}`);
  console.log(`open handles after them: ${churned.handles.join(', ')}`);

  const streams = Math.max(1, Math.floor(capacity * Number(values.part)));
  const idle = await live(child, url, streams);
  if (idle.length > WARM_UP_MINUTES) {
    console.log(
      `minute ${WARM_UP_MINUTES} to the last: ${memory(idle[WARM_UP_MINUTES - 1], idle.at(-1)!)}`,
    );
    console.log(`open handles after it: ${idle.at(-1)!.handles.join(', ')}`);
  }
  const end = await child.close();
  console.log(
    `server and models closed: open handles ${end.handles.join(', ') || 'none'}; the process ${end.isOwn ? 'ended by itself' : 'had to be killed'}`,
  );
}

await main();
