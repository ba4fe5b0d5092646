/**
 * What the rate of units costs a language model: wall-clock to predict the units of 10 s of speech at syllable rates against
 * the same model at 25 and 50 units a second, with the cache and without, for several continuations at a time.
 *
 *   npx tsx bench/lmRates.ts [bundle folder] [int8|fp32] [rounds]
 *
 * Cached is the whole way of the library: jobs to the model's own thread and back, a draw for every unit. Uncached runs the
 * same model over all units so far (at most its window) for every new one; one such run is timed at some lengths, and those
 * between are interpolated. Of every step, and of every uncached run, the fastest of the rounds counts: what other work on the
 * machine disturbed least.
 */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import type { Bundle } from '../src/models/bundle/bundle.ts';
import { createNodeThreads } from '../src/models/inference/nodeThreads.ts';
import { createCacheArena } from '../src/models/inference/cacheArena.ts';
import { int64Tensor, tensor } from '../src/models/inference/tensors.ts';
import { lmTensors } from '../src/models/lm/lmEngine.ts';
import { createHistory } from '../src/models/lm/history.ts';
import { importEngine } from '../src/models/inference/importEngine.ts';
import { hypothesisBytes, lmCache } from '../src/models/lm/lmMemory.ts';
import { createLmPool, type LmPool } from '../src/models/lm/lmPool.ts';
import { defaultBundle, readBundle } from '../src/models/bundle/manifest.ts';

const { openModel } = await importEngine(() => import('../src/models/inference/onnx.ts'));

const SECONDS = 10;
const RATES = [5, 6.25, 8.33, 25, 50];
const BATCHES = [1, 8, 32, 64];
/** Lengths at which an uncached run is timed. */
const LENGTHS = [1, 4, 8, 16, 32, 64, 96, 128, 192, 256];

const [folder = defaultBundle(), precision = 'int8', rounds = '5'] = process.argv.slice(2);
const bundle = await readBundle(folder);
const lm = bundle.lm;
if (!lm) throw new Error(`${folder} has no language model`);
const file = precision === 'fp32' ? 'lm/step.onnx' : 'lm/step_int8.onnx';
const modelPath = join(bundle.directory, file);
const cache = lmCache(lm);
const boundary = lm.vocabulary - 1;

/** Milliseconds of each step for `batch` continuations of `units` units each, side by side. */
async function cached(pool: LmPool, units: number, batch: number): Promise<number[]> {
  const history = createHistory(pool, cache, boundary);
  const sampling = { temperature: 1, topK: 25, topP: 0.9, penalty: 1, seed: 1 };
  const drawOf = (hypothesis: number, place: number) => ({
    ...sampling,
    hypothesis,
    place,
    banned: [boundary],
    penalised: [],
  });
  const hypotheses = Array.from({ length: batch }, () => ({
    slot: pool.open(),
    memory: new SharedArrayBuffer(hypothesisBytes(cache, units)),
  }));
  const times: number[] = [];
  let start = performance.now();
  const lap = (): void => {
    const now = performance.now();
    times.push(now - start);
    start = now;
  };
  let drawn = await history.draw(hypotheses.map((_, j) => drawOf(j, 0)));
  const { sequence, kept, length } = history.parent;
  const parent = { sequence, memory: kept.memory, length };
  lap();
  for (let place = 1; place < units; place++) {
    const where = { first: parent.length + place - 1, start: 0, parent };
    const answers = await Promise.all(
      hypotheses.map(({ slot, memory }, j) => {
        const what = { units: [drawn[j].id], draws: [drawOf(j, place)], targets: [] };
        return slot.run({ sequence: slot.stream, memory, ...where, ...what });
      }),
    );
    drawn = answers.map((answer) => answer.drawn[0]);
    lap();
  }
  for (const { slot } of hypotheses) slot.release();
  history.release();
  return times;
}

/** Milliseconds of one uncached run over `length` units, for every length, `batch` at a time. */
async function uncachedRuns({ windowUnits: W }: NonNullable<Bundle['lm']>, batch: number) {
  const { session } = await openModel(modelPath, ['cpu'], lmTensors(lm!, cache));
  const arena = createCacheArena(cache, batch);
  const ages = tensor(new Float32Array(batch * W), [batch, W]);
  const found = new Map<number, number>();
  for (const length of LENGTHS.filter((one) => one <= W)) {
    const ids = BigInt64Array.from({ length: batch * length }, (_, i) => BigInt(i % boundary));
    const mask = new Float32Array(batch * length).fill(1);
    const shape = [batch, length];
    const feeds = { unit: int64Tensor(ids, shape), unit_mask: tensor(mask, shape), past_age: ages };
    let fastest = Infinity;
    for (let round = 0; round < Number(rounds); round++) {
      const start = performance.now();
      await session.run({ ...feeds, ...arena.feeds(batch) });
      fastest = Math.min(fastest, performance.now() - start);
    }
    found.set(length, fastest);
  }
  return found;
}

/** Milliseconds for every new unit to be found by a run over all before it. */
function uncached(runs: ReadonlyMap<number, number>, units: number): number {
  const known = [...runs].sort(([a], [b]) => a - b);
  const at = (length: number): number => {
    const next = known.findIndex(([one]) => one >= length);
    if (next === -1) return known.at(-1)![1];
    const [to, after] = known[next];
    const [from, before] = known[Math.max(0, next - 1)];
    return to === from ? after : before + ((length - from) / (to - from)) * (after - before);
  };
  return Array.from({ length: units }, (_, k) => at(k + 1)).reduce((a, b) => a + b, 0);
}

const loadBefore = loadavg()[0];
const pool = createLmPool(
  { modelPath, precision, lm },
  { maxBatch: Math.max(...BATCHES) },
  createNodeThreads(),
);
await pool.ready;
await cached(pool, 40, 64);

const times = new Map<string, number[]>();
for (let round = 0; round < Number(rounds); round++) {
  for (const rate of RATES) {
    for (const batch of BATCHES) {
      const key = `${rate} ${batch}`;
      const laps = await cached(pool, Math.round(SECONDS * rate), batch);
      const best = times.get(key);
      times.set(key, best ? laps.map((ms, place) => Math.min(ms, best[place])) : laps);
    }
  }
}
const { runMs, gatherMs } = pool.status();
await pool.close();
const runs = new Map<number, Map<number, number>>();
for (const batch of BATCHES) runs.set(batch, await uncachedRuns(lm, batch));

const cachedMs = (rate: number, batch: number): number =>
  times.get(`${rate} ${batch}`)!.reduce((a, b) => a + b, 0);
const uncachedMs = (rate: number, batch: number): number =>
  uncached(runs.get(batch)!, Math.round(SECONDS * rate));
const shown = (ms: number): string => (ms < 100 ? ms.toFixed(1) : ms.toFixed(0));

console.log(
  `${cpus()[0].model}, ${availableParallelism()} cores, Node ${process.version}; load ${loadBefore.toFixed(2)} before, ${loadavg()[0].toFixed(2)} after`,
);
console.log(
  `bundle ${bundle.manifest.name} ${bundle.manifest.version}, ${file}: ${lm.layers} layers of ${lm.width}, window ${lm.windowUnits}; fastest of ${rounds} rounds by step; gathering and keeping ${((100 * gatherMs) / runMs).toFixed(0)} % of session.run`,
);
console.log(
  `| units a second | units | ${['cached', 'uncached'].flatMap((how) => BATCHES.map((b) => `${how}, ${b} at a time |`)).join(' ')} cached against 25 / 50 Hz at 1 | at 64 |`,
);
console.log(`| --- | --- |${' --- |'.repeat(2 * BATCHES.length + 2)}`);
for (const rate of RATES) {
  const against = (batch: number): string =>
    [25, 50]
      .map((other) => `${(cachedMs(other, batch) / cachedMs(rate, batch)).toFixed(2)}×`)
      .join(' / ');
  const cells = [
    rate,
    Math.round(SECONDS * rate),
    ...BATCHES.map((batch) => shown(cachedMs(rate, batch))),
    ...BATCHES.map((batch) => shown(uncachedMs(rate, batch))),
    against(1),
    against(64),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
