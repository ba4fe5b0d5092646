import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { matchSegments, scoreBoundaries, scoresOf, sumCounts } from '../../src/segments/scores.ts';
import { loadModels } from '../../src/models/loadModels.ts';
import { fromFile } from '../../src/streams/fromFile.ts';
import { speechUnits } from '../../src/streams/speechUnits.ts';
import type { Unit } from '../../src/core/types.ts';
import { SMALL } from '../helpers/bundles.ts';
import { unitsIn } from '../helpers/pipeline.ts';
import { present, program, shared } from '../helpers/require.ts';

const pack = shared('eval-pack');
const ready = pack !== undefined && present('bundle small', existsSync(SMALL)) && program('ffmpeg');
const AT_20_MS = { toleranceSamples: 320 };

/** Every fourth recording of a set: all of its voices, four minutes' worth in seconds. */
function files(set: string): string[] {
  const list = JSON.parse(readFileSync(join(pack!, `${set}.json`), 'utf8')) as { file: string }[];
  return list.filter((_, i) => i % 4 === 0).map(({ file }) => join(pack!, file));
}

async function unitsOfAll(precision: 'int8' | 'fp32', paths: readonly string[]): Promise<Unit[][]> {
  const models = await loadModels({ bundle: SMALL, precision, workers: 1 });
  try {
    return await Promise.all(
      paths.map(async (path) =>
        unitsIn(await lastValueFrom(speechUnits(fromFile(path), models).pipe(toArray()))),
      ),
    );
  } finally {
    await models.close();
  }
}

describe.runIf(ready)(
  'int8 against fp32 on speech that no training saw',
  { timeout: 240_000 },
  () => {
    it('has the same boundaries (F1 >= 0.97 at 20 ms) and the same unit on >= 90 % of matched segments', async () => {
      const paths = [...files('festival'), ...files('asterisk-en')];
      const [int8, fp32] = [await unitsOfAll('int8', paths), await unitsOfAll('fp32', paths)];
      const ends = (units: readonly Unit[]): number[] => units.map(({ end }) => end);
      const counts = int8.map((units, i) => scoreBoundaries(ends(units), ends(fp32[i]), AT_20_MS));
      const pairs = int8.flatMap((units, i) =>
        matchSegments(units, fp32[i], AT_20_MS).map(([a, b]) => units[a].id === fp32[i][b].id),
      );
      const { f1 } = scoresOf(sumCounts(counts));
      const same = pairs.filter(Boolean).length / pairs.length;
      console.log(
        `int8 against fp32: boundary F1 ${f1.toFixed(4)} at 20 ms, same unit on ${(100 * same).toFixed(1)} % of ${pairs.length}`,
      );
      expect(pairs.length).toBeGreaterThan(300);
      expect(f1).toBeGreaterThanOrEqual(0.97);
      expect(same).toBeGreaterThanOrEqual(0.9);
    });
  },
);
