/**
 * The arithmetic of a stream on its thread, as it is and as it was before it was made fast, in one run: CPU milliseconds of the
 * process for a second of a stream, of each function by itself. Rounds take turns, so that what else the machine does meets both;
 * read the ratio, the median of the ratios of the rounds.
 *
 *   npx tsx bench/hot.ts [rounds]
 */
import { fft } from '../src/mel/pffft.ts';
import { hotCases } from './hot/cases.ts';
import { readMaterial } from './hot/material.ts';

/** CPU milliseconds of a round of each, roughly. */
const ROUND_MS = 60;

const rounds = Number(process.argv[2] ?? 15);
const material = await readMaterial();
await fft.load();
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** CPU milliseconds of a call. */
function cpuMs(run: () => void, calls: number): number {
  const before = process.cpuUsage();
  for (let i = 0; i < calls; i++) run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / calls;
}

console.log('| function | before | now | before / now |');
console.log('| --- | --- | --- | --- |');
for (const { name, before, now } of hotCases(material)) {
  const calls = [before, now].map((run) => Math.ceil(ROUND_MS / Math.max(0.01, cpuMs(run, 3))));
  const pairs = Array.from({ length: rounds }, () => [
    cpuMs(before, calls[0]),
    cpuMs(now, calls[1]),
  ]);
  const [old, fresh] = [0, 1].map((i) => median(pairs.map((pair) => pair[i])) / material.seconds);
  const ratio = median(pairs.map(([was, is]) => was / is));
  console.log(`| ${name} | ${old.toFixed(3)} | ${fresh.toFixed(3)} | ${ratio.toFixed(1)}× |`);
}
