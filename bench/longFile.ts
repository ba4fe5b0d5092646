/**
 * `tokenize` of one long recording: one place after the other, and many at the same time over every core, in one run and in
 * turns. The units are compared. Read the ratios.
 *
 *   npx tsx bench/longFile.ts [minutes=60] [rounds=3] [lanes a thread=16]
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { availableCores } from '../src/models/inference/cores.ts';
import { defaultBundle } from '../src/models/bundle/manifest.ts';
import { loadModels } from '../src/models/loadModels.ts';
import { fromWav } from '../src/streams/fromWav.ts';
import { LANES_PER_THREAD } from '../src/streams/laneLength.ts';
import { speechUnits } from '../src/streams/speechUnits.ts';

const [minutes = 60, rounds = 3, laneCount = LANES_PER_THREAD] = process.argv.slice(2).map(Number);
const cores = Math.max(1, Math.floor(availableCores()));
const folder = mkdtempSync(join(tmpdir(), 'sylstream-'));
const path = join(folder, 'long.wav');

/** The golden recording, s16le at 16 kHz with the shortest header, again and again. */
function write(): void {
  const golden = readFileSync(join(defaultBundle(), 'golden/speech.wav'));
  const [header, speech] = [golden.subarray(0, 44), golden.subarray(44)];
  const wanted = minutes * 60 * 16_000 * 2;
  const data = Buffer.alloc(wanted, speech);
  const head = Buffer.from(header);
  head.writeUInt32LE(36 + wanted, 4);
  head.writeUInt32LE(wanted, 40);
  writeFileSync(path, Buffer.concat([head, data]));
}

interface Run {
  readonly seconds: number;
  readonly cpu: number;
  readonly batch: number;
  readonly mib: number;
  readonly hash: string;
}

async function run(lanes: number, workers: number): Promise<Run> {
  const models = await loadModels({ lm: false, workers, gathers: lanes > 1 });
  const hash = createHash('sha256');
  let rss = 0;
  const started = performance.now();
  const before = process.cpuUsage();
  await speechUnits(fromWav(path), models, { lanes }).forEach((event) => {
    hash.update(JSON.stringify(event));
    rss = Math.max(rss, process.memoryUsage.rss());
  });
  const { user, system } = process.cpuUsage(before);
  const { steps, batches } = models.encoder.status();
  await models.close();
  return {
    seconds: (performance.now() - started) / 1000,
    cpu: (user + system) / 1e6,
    batch: steps / batches.reduce((sum, runs) => sum + runs, 0),
    mib: rss / 2 ** 20,
    hash: hash.digest('hex'),
  };
}

function row(name: string, { seconds, cpu, batch, mib }: Run): string {
  return `| ${name} | ${seconds.toFixed(1)} | ${cpu.toFixed(1)} | ${batch.toFixed(1)} | ${mib.toFixed(0)} |`;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

try {
  write();
  console.log(`${minutes} min, ${cores} cores`);
  console.log('| | wall s | CPU s | mean batch | resident MiB |');
  console.log('| --- | --- | --- | --- | --- |');
  const pairs: [Run, Run][] = [];
  for (let round = 0; round < rounds; round++) {
    const old = await run(1, Math.max(1, cores - 1));
    const now = await run(laneCount * cores, cores);
    if (old.hash !== now.hash) throw new Error('the units differ');
    console.log(row('one lane', old));
    console.log(row(`${laneCount * cores} lanes`, now));
    pairs.push([old, now]);
  }
  const ratio = (of: (run: Run) => number): string =>
    median(pairs.map(([old, now]) => of(old) / of(now))).toFixed(2);
  console.log(
    `the same units; wall ${ratio((one) => one.seconds)}×, CPU ${ratio((one) => one.cpu)}×`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
