/**
 * The price of deciding early: boundary F1 against the reference and against an unbounded delay, decision delay and
 * forced commits, for `maxDelayMs` from 100 to 2,000, on the evaluation pack. Features are computed once.
 *
 *   npx tsx bench/delayCurve.ts [bundle folder] [int8|fp32]
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import { summarise } from '../src/bench/percentiles.ts';
import { createSegmenter } from '../src/segments/segmenter.ts';
import {
  scoreBoundaries,
  scoresOf,
  sumCounts,
  type BoundaryCounts,
} from '../src/segments/scores.ts';
import { readReference } from '../src/formats/readReference.ts';
import { loadModels } from '../src/models/loadModels.ts';
import { encode } from '../src/operators/encode.ts';
import { logMel } from '../src/operators/logMel.ts';
import { fromFile } from '../src/streams/fromFile.ts';
import type { Control, FeatureBlock, Segment } from '../src/core/types.ts';
import { SAMPLE_RATE } from '../src/core/time.ts';

const PACK = resolve(import.meta.dirname, '../../shared/eval-pack');
const SETS = ['festival', 'asterisk-en'];
const DELAYS = [100, 200, 300, 400, 500, 600, 800, 1000, 1200, 1600, 2000, Infinity];
const TOLERANCES = { f20: 320, f50: 800 } as const;

interface Recording {
  readonly set: string;
  readonly blocks: readonly (FeatureBlock | Control)[];
  readonly reference: readonly number[];
}

const bundle = process.argv[2];
const precision = process.argv[3] === 'fp32' ? 'fp32' : 'int8';
const models = await loadModels({ bundle, precision, workers: 1 });
const { mel, boundaries, units, encoder } = models.bundle.config;
const config = { ...boundaries, ...units, ...encoder };

const recordings: Recording[] = [];
for (const set of SETS) {
  const list = JSON.parse(readFileSync(join(PACK, `${set}.json`), 'utf8')) as { file: string }[];
  for (const entry of list) {
    const blocks$ = fromFile(join(PACK, entry.file)).pipe(
      logMel(),
      encode(models.encoder, { mel }),
    );
    const blocks = await lastValueFrom(blocks$.pipe(toArray()));
    const [{ boundaries: seconds }] = readReference(JSON.stringify(entry), entry.file);
    const reference = seconds.map((time) => Math.round(time * SAMPLE_RATE));
    recordings.push({ set, blocks, reference });
  }
}
await models.close();

function segments(blocks: readonly (FeatureBlock | Control)[], maxDelayMs: number): Segment[] {
  const machine = createSegmenter({ config, maxDelayMs });
  const all = [...blocks.flatMap((block) => [...machine.push(block)]), ...machine.flush()];
  return all.filter((value): value is Segment => 'vector' in value);
}

/** Edges of speech, as `evaluate` counts them: the outer ends of the recording are not boundaries. */
function edges(list: readonly Segment[]): number[] {
  const found = new Set<number>();
  for (const { start, end, pause } of list) {
    if (!pause) found.add(start).add(end);
  }
  return [...found].sort((a, b) => a - b);
}

const patient = recordings.map(({ blocks }) => edges(segments(blocks, Infinity)));
console.log(
  `bundle ${models.bundle.manifest.name} ${models.bundle.manifest.version}, ${precision}, ${recordings.length} recordings`,
);
console.log(
  '| maxDelayMs | forced % | decided − end p50 / p95 ms | F1 at 20 ms against no bound |',
  SETS.map((set) => `${set} F1 50 / 20 ms |`).join(' '),
);
console.log('| --- | --- | --- | --- |', SETS.map(() => '--- |').join(' '));
for (const maxDelayMs of DELAYS) {
  const own: BoundaryCounts[] = [];
  const counts = new Map<string, BoundaryCounts[]>();
  const delays: number[] = [];
  let forced = 0;
  recordings.forEach(({ set, blocks, reference }, i) => {
    const found = segments(blocks, maxDelayMs);
    const places = edges(found);
    own.push(scoreBoundaries(places, patient[i], { toleranceSamples: TOLERANCES.f20 }));
    for (const [name, toleranceSamples] of Object.entries(TOLERANCES)) {
      const key = `${set} ${name}`;
      counts.set(key, [
        ...(counts.get(key) ?? []),
        scoreBoundaries(places, reference, { toleranceSamples }),
      ]);
    }
    for (const { decided, end, forced: late } of found) {
      delays.push((decided - end) / 16);
      if (late) forced++;
    }
  });
  const { p50, p95 } = summarise(delays);
  const f1 = (key: string): string => scoresOf(sumCounts(counts.get(key)!)).f1.toFixed(3);
  const cells = [
    maxDelayMs,
    ((100 * forced) / delays.length).toFixed(2),
    `${p50.toFixed(0)} / ${p95.toFixed(0)}`,
    scoresOf(sumCounts(own)).f1.toFixed(4),
    ...SETS.map((set) => `${f1(`${set} f50`)} / ${f1(`${set} f20`)}`),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
