/**
 * `npm run bench:openings`: opens and closes sessions by the thousand and tells what the server's process keeps:
 * resident memory after the first hundred, after each round, and how soon an idle server admits again.
 */
import { loadavg } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { beginSession } from './server/beginSession.ts';
import { openAndClose } from './server/openings.ts';
import { startChild } from './server/processes.ts';

const { values } = parseArgs({
  allowNegative: true,
  options: {
    bundle: { type: 'string' },
    shards: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    openings: { type: 'string', default: '10000' },
    parallel: { type: 'string', default: '64' },
    cuts: { type: 'boolean', default: true },
  },
});
const parallel = Number(values.parallel);

const child = await startChild<{ url: string }>({
  role: 'server',
  ...(values.shards !== undefined && { shards: Number(values.shards) }),
  capacity: 2 * parallel,
  streams: 0,
  seconds: 0,
  chunkMs: 20,
  ...(values.bundle !== undefined && { bundle: values.bundle }),
});
const { url } = child.first;

/** A figure of `/metrics`; asking for it collects no garbage, as a real server's is not collected either. */
async function metric(name: string): Promise<number> {
  const text = await (await fetch(url.replace(/^ws(.*)\/v1\/stream$/, 'http$1/metrics'))).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}

const residentMib = async (): Promise<number> =>
  (await metric('process_resident_memory_bytes')) / 2 ** 20;

async function round(count: number): Promise<string> {
  const began = performance.now();
  const refused = await openAndClose({ url, count, parallel, cuts: values.cuts });
  const seconds = (performance.now() - began) / 1000;
  return `${count} openings in ${seconds.toFixed(0)} s, refused ${JSON.stringify(Object.fromEntries(refused))}`;
}

console.log(`fresh: ${(await residentMib()).toFixed(0)} MiB, load ${loadavg()[0].toFixed(1)}`);
console.log(await round(100));
const first = await residentMib();
console.log(`after them: ${first.toFixed(0)} MiB`);
for (let turn = 1; turn <= Number(values.rounds); turn++) {
  const told = await round(Number(values.openings));
  const now = await residentMib();
  const more = (100 * (now - first)) / first;
  console.log(
    `round ${turn}: ${told}; ${now.toFixed(0)} MiB (${more.toFixed(1)} % over the first hundred)`,
  );
}
const admittedMs = await beginSession(url, '127.0.0.1');
console.log(`idle, and admits again: ready after ${admittedMs.toFixed(0)} ms`);
await wait(10_000);
console.log(
  `idle for 10 s: ${(await residentMib()).toFixed(0)} MiB, ${await metric('sylstream_sessions_live')} live, ${await metric('sylstream_sessions_parked')} parked, load ${loadavg()[0].toFixed(1)}`,
);
await child.close();
