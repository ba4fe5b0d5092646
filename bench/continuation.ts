/**
 * `npm run bench:continuation`: what continuations cost the units, and how soon they come. Live streams of real speech
 * from another process, with and without a request for a continuation after the last unit of every step, in turns; then
 * more streams and longer continuations.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { Summary } from '../src/bench/percentiles.ts';
import { runLoad } from './server/load.ts';
import type { LoadResult } from './server/load.ts';
import { startChild } from './server/processes.ts';

const { values } = parseArgs({
  options: {
    bundle: { type: 'string' },
    shards: { type: 'string' },
    streams: { type: 'string', default: '20' },
    turns: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '20' },
    curve: { type: 'string', default: '20,40,60' },
    lengths: { type: 'string', default: '1,2' },
  },
});
const seconds = Number(values.seconds);

const child = await startChild<{ url: string; capacity: number }>({
  role: 'server',
  ...(values.shards !== undefined && { shards: Number(values.shards) }),
  capacity: 100_000,
  streams: 0,
  seconds,
  chunkMs: 20,
  ...(values.bundle !== undefined && { bundle: values.bundle }),
});

/** One run; without `continueSeconds` nobody asks for anything. */
async function run(streams: number, continueSeconds?: number): Promise<LoadResult> {
  const result = await runLoad({
    url: child.first.url,
    streams,
    seconds,
    chunkMs: 20,
    jitterMs: 10,
    answers: 'units',
    onMeasuring: () => void child.figures(), // starts them anew
    ...(continueSeconds !== undefined && { continueSeconds }),
  });
  const { cpuCores, loopDelayP99Ms } = await child.figures();
  const asked = continueSeconds === undefined ? 'no continuation' : `${continueSeconds} s after every step`; // prettier-ignore
  console.log(
    `${String(streams).padStart(3)} streams, ${asked.padEnd(20)}  lag ${text(result.lagMs)}  generator late p99 ${result.sendDelayMs.p99.toFixed(1)}  ` +
      `loop delay p99 ${loopDelayP99Ms.toFixed(1)} ms  ${cpuCores.toFixed(2)} cores  lost ${JSON.stringify(result.lost)}  load ${loadavg()[0].toFixed(1)}`,
  );
  if (result.continuations !== undefined) {
    const { firstMs, lastMs, ends, units } = result.continuations;
    const all = Object.values(ends).reduce((sum, count) => sum + count, 0);
    const overtaken = (100 * (all - (ends['done'] ?? 0))) / Math.max(1, all);
    console.log(
      `             first unit ${text(firstMs)}, last ${text(lastMs)}, ${units} units, ends ${JSON.stringify(ends)}: missed ${overtaken.toFixed(1)} %`,
    );
  }
  return result;
}

function text({ p50, p95, p99, max, count }: Summary): string {
  const [a, b, c, d] = [p50, p95, p99, max].map((ms) => ms.toFixed(1));
  return `p50 ${a} p95 ${b} p99 ${c} max ${d} ms (${count})`;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, load average ${loadavg()[0].toFixed(1)} before; ${seconds} s each, 20 ms chunks, jitter 10 ms`,
);
const streams = Number(values.streams);
const rises: number[] = [];
for (let turn = 0; turn < Number(values.turns); turn++) {
  const without = await run(streams);
  const beside = await run(streams, 1);
  rises.push(beside.lagMs.p99 - without.lagMs.p99);
}
if (rises.length > 0) {
  const each = rises.map((rise) => rise.toFixed(1)).join(', ');
  console.log(`rise of the lag's p99: median ${median(rises).toFixed(1)} ms (${each})`);
}
for (const count of values.curve.split(',').filter(Boolean).map(Number)) {
  await run(count);
  for (const length of values.lengths.split(',').map(Number)) await run(count, length);
}
child.stop();
