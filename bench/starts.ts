/** `npm run bench:starts`: measures the capacity again and again, each time in a new process, and tells how far the figures lie apart. */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { startChild } from './server/processes.ts';

const { values } = parseArgs({
  options: { shards: { type: 'string' }, starts: { type: 'string', default: '10' } },
});

const capacities: number[] = [];
for (let start = 0; start < Number(values.starts); start++) {
  const child = await startChild<{ capacity: number }>({
    role: 'server',
    ...(values.shards !== undefined && { shards: Number(values.shards) }),
    capacity: 0,
    streams: 0,
    seconds: 0,
    chunkMs: 20,
  });
  capacities.push(child.first.capacity);
  console.log(
    `start ${start + 1}: ${child.first.capacity} streams, load ${loadavg()[0].toFixed(1)}`,
  );
  await child.close();
}
const sorted = capacities.toSorted((a, b) => a - b);
const median = sorted[Math.floor(sorted.length / 2)];
const far = Math.max(...sorted.map((each) => Math.abs(each - median) / median));
console.log(`median ${median}, at most ${(100 * far).toFixed(0)} % from it`);
