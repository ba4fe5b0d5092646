/**
 * `npm run bench:soak`: many short sessions, then live streams at a part of the capacity for a long time; tells how much
 * memory grew after the warm-up, what handles stayed open, and how the lag's 99th percentile moved.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { openStream } from '../src/client/index.ts';
import { runLoad } from './server/load.ts';
import { startChild } from './server/processes.ts';
import type { Child } from './server/processes.ts';
import { speechBytes } from './server/speech.ts';

const { values } = parseArgs({
  options: {
    bundle: { type: 'string' },
    workers: { type: 'string', default: '1' },
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

/** Slope of a line through the values, per step (least squares). */
function slope(y: readonly number[]): number {
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  const middle = (y.length - 1) / 2;
  const over = y.reduce((sum, value, x) => sum + (x - middle) * (value - mean), 0);
  const under = y.reduce((sum, _, x) => sum + (x - middle) ** 2, 0);
  return under === 0 ? 0 : over / under;
}

async function main(): Promise<void> {
  const child: Child<{ url: string; capacity: number }> = await startChild({
    role: 'server',
    workers: Number(values.workers),
    capacity: Number(values.capacity),
    streams: 0,
    seconds: 0,
    chunkMs: 20,
    ...(values.bundle !== undefined && { bundle: values.bundle }),
  });
  const { url, capacity } = child.first;
  console.log(`capacity ${capacity}, load average ${loadavg()[0].toFixed(1)}`);

  await churn(url, Math.ceil(sessions / 10));
  const warm = await child.figures();
  await churn(url, sessions);
  const churned = await child.figures();
  const growth = (100 * (churned.heapMib - warm.heapMib)) / warm.heapMib;
  const rssGrowth = (100 * (churned.rssMib - warm.rssMib)) / warm.rssMib;
  console.log(
    `${sessions} sessions: heap and buffers ${warm.heapMib.toFixed(1)} → ${churned.heapMib.toFixed(1)} MiB (${growth.toFixed(1)} %), ` +
      `resident ${warm.rssMib.toFixed(0)} → ${churned.rssMib.toFixed(0)} MiB (${rssGrowth.toFixed(1)} %), open handles ${churned.handles.join(', ')}`,
  );

  const streams = Math.max(1, Math.floor(capacity * Number(values.part)));
  const p99s: number[] = [];
  let before = churned;
  for (let minute = 0; minute < minutes; minute++) {
    const load = {
      url,
      streams,
      seconds: 60,
      chunkMs: 20,
      jitterMs: 10,
      answers: 'units',
    } as const;
    const { lagMs, lost } = await runLoad(load);
    p99s.push(lagMs.p99);
    before = await child.figures();
    console.log(
      `minute ${minute + 1}: ${streams} streams, lag p50 ${lagMs.p50.toFixed(1)} p99 ${lagMs.p99.toFixed(1)} ms, ` +
        `${before.heapMib.toFixed(1)} MiB heap and buffers, ${before.rssMib.toFixed(0)} MiB resident, lost ${JSON.stringify(lost)}`,
    );
  }
  if (minutes > 0) console.log(`slope of the lag's p99: ${slope(p99s).toFixed(2)} ms a minute`);
  child.stop();
}

await main();
