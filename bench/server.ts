/**
 * `npm run bench:server`: live streams of real speech from another process, paced and jittered, beside the same load on
 * a bare `ws` echo, on the server without its pipeline, and on the pipeline without sockets, all in one run.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { runLoad } from './server/load.ts';
import type { LoadResult } from './server/load.ts';
import type { Summary } from '../src/bench/percentiles.ts';
import { startChild } from './server/processes.ts';
import type { ChildFigures, ChildOptions } from './server/processes.ts';

const { values } = parseArgs({
  options: {
    bundle: { type: 'string' },
    shards: { type: 'string' },
    streams: { type: 'string', default: '25,50,75,100,125,150' },
    seconds: { type: 'string', default: '20' },
    'chunk-ms': { type: 'string', default: '20' },
    'jitter-ms': { type: 'string', default: '10' },
    sockets: { type: 'string', default: '800' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const chunkMs = Number(values['chunk-ms']);
const jitterMs = Number(values['jitter-ms']);
const counts = values.streams.split(',').map(Number);
const sockets = Number(values.sockets);
const base: Omit<ChildOptions, 'role'> = {
  capacity: 100_000,
  streams: 0,
  seconds,
  chunkMs,
  ...(values.bundle !== undefined && { bundle: values.bundle }),
  ...(values.shards !== undefined && { shards: Number(values.shards) }),
};

interface Row extends LoadResult, ChildFigures {
  readonly what: string;
  readonly load: number;
}
const rows: Row[] = [];

async function measure(
  what: string,
  options: Partial<ChildOptions>,
  loads: readonly number[],
): Promise<void> {
  const child = await startChild<{ url: string }>({ ...base, role: 'server', ...options });
  for (const streams of loads) {
    const answers = options.role === 'echo' ? 'echo' : 'units';
    const result = await runLoad({
      url: child.first.url,
      streams,
      seconds,
      chunkMs,
      jitterMs,
      answers,
      onMeasuring: () => void child.figures(), // starts them anew
    });
    rows.push({ what, load: loadavg()[0], ...result, ...(await child.figures()) });
    if (!values.json) printRow(rows.at(-1)!);
  }
  child.stop();
}

function printRow({
  what,
  streams,
  lagMs,
  sendDelayMs,
  loopDelayP99Ms,
  cpuCores,
  rssMib,
  batches,
  lost,
  load,
}: Row): void {
  const runs = batches.reduce((sum, count) => sum + count, 0);
  const mean = runs === 0 ? 0 : batches.reduce((sum, count, size) => sum + count * size, 0) / runs;
  console.log(
    `${what.padEnd(10)} ${String(streams).padStart(4)} streams  lag ${text(lagMs)}  generator late p99 ${sendDelayMs.p99.toFixed(1)}  ` +
      `loop delay p99 ${loopDelayP99Ms.toFixed(1)} ms  ${cpuCores.toFixed(2)} cores  ${rssMib.toFixed(0)} MiB  ` +
      `mean batch ${mean.toFixed(1)}  lost ${JSON.stringify(lost)}  load ${load.toFixed(1)}`,
  );
  if (runs > 0) console.log(`           runs by batch size: ${histogram(batches)}`);
}

/** The sizes that occurred, each with its number of runs. */
function histogram(batches: readonly number[]): string {
  return batches.flatMap((runs, size) => (runs > 0 ? [`${size}: ${runs}`] : [])).join(', ');
}

function text({ p50, p95, p99, max, count }: Summary): string {
  const [a, b, c, d] = [p50, p95, p99, max].map((ms) => ms.toFixed(1));
  return `p50 ${a} p95 ${b} p99 ${c} max ${d} ms (${count})`;
}

async function pastCapacity(capacity: number): Promise<LoadResult> {
  const child = await startChild<{ url: string }>({ ...base, role: 'server', capacity });
  const load = { url: child.first.url, streams: capacity + 5, seconds: 2, chunkMs, jitterMs };
  const result = await runLoad({ ...load, answers: 'units' });
  child.stop();
  return result;
}

const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, load average ${loadavg()[0].toFixed(1)} before`;
if (!values.json)
  console.log(`${machine}; ${seconds} s each, ${chunkMs} ms chunks, jitter ${jitterMs} ms`);
await measure('echo', { role: 'echo' }, [sockets]);
await measure('transport', { role: 'transport' }, [sockets]);
const pipeline: { streams: number; lagMs: Summary }[] = [];
for (const streams of counts) {
  const child = await startChild<{ lagMs: Summary }>({ ...base, role: 'pipeline', streams });
  pipeline.push({ streams, lagMs: child.first.lagMs });
  child.stop();
  if (!values.json)
    console.log(
      `pipeline   ${String(streams).padStart(4)} streams  lag ${text(child.first.lagMs)}`,
    );
}
await measure('server', { role: 'server' }, counts);
const past = await pastCapacity(counts[0]);
if (values.json) console.log(JSON.stringify({ machine, rows, pipeline, past }, undefined, 2));
else
  console.log(
    `past capacity ${counts[0]}: ${JSON.stringify(past.lost)}, retry after ${past.retryAfterMs.join(', ')} ms, ` +
      `the others' lag ${text(past.lagMs)}`,
  );
