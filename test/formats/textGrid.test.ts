import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeText } from '../../src/formats/decodeText.ts';
import { readTextGrid } from '../../src/formats/readTextGrid.ts';
import { textGrid } from '../../src/formats/textGrid.ts';
import type { Unit } from '../../src/core/types.ts';
import { pythonWith, runPython } from '../helpers/python.ts';
import { program } from '../helpers/require.ts';
import { formatted, PROVENANCE, SAMPLES, unit, UNITS } from '../helpers/units.ts';

/** What every reader must find: the units with their pauses, the last one to the end of the recording, 32 ms later. */
const EXPECTED = UNITS.map((u) => [
  u.start,
  u.end === 31_481 ? SAMPLES : u.end,
  u.pause ? '' : `${u.id}`,
]);

function written(units: readonly Unit[] = UNITS, samples: number = SAMPLES): string {
  const path = join(mkdtempSync(join(tmpdir(), 'sylstream-')), 'units.TextGrid');
  writeFileSync(path, formatted(textGrid({ provenance: PROVENANCE }), units, samples));
  return path;
}

/** Texts of a tier, in order. */
function textsOf(grid: string, tier: string): string[] {
  const [, rest = ''] = grid.split(`name = "${tier}"`);
  return [...rest.split('item [')[0].matchAll(/text = "(.*)"/g)].map(([, text]) => text);
}

function praat(script: string, ...args: string[]): string {
  const path = join(mkdtempSync(join(tmpdir(), 'sylstream-')), 'script.praat');
  writeFileSync(path, script);
  return execFileSync('praat', ['--run', path, ...args], { encoding: 'utf8' });
}

const PRINT_TIERS = `
form Arguments
  sentence path
endform
grid = Read from file: path$
tiers = Get number of tiers
for tier to tiers
  name$ = Get tier name: tier
  interval = Is interval tier: tier
  if interval
    n = Get number of intervals: tier
    for i to n
      begin = Get start time of interval: tier, i
      finish = Get end time of interval: tier, i
      text$ = Get label of interval: tier, i
      appendInfoLine: name$, tab$, fixed$ (begin, 7), tab$, fixed$ (finish, 7), tab$, text$
    endfor
  else
    n = Get number of points: tier
    for i to n
      at = Get time of point: tier, i
      text$ = Get label of point: tier, i
      appendInfoLine: name$, tab$, fixed$ (at, 7), tab$, fixed$ (at, 7), tab$, text$
    endfor
  endif
endfor
`;

function rows(printed: string, tier: string): unknown[][] {
  return printed
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([name]) => name === tier)
    .map(([, from, to, text]) => [Number(from) * 16_000, Number(to) * 16_000, text]);
}

describe('textGrid', () => {
  it('has a tier of labels where units are known by them, right behind their numbers', () => {
    const labelOf = ({ id }: { readonly id: number }) => (id === 17 ? 'o"clock' : undefined);
    const grid = formatted(textGrid({ provenance: PROVENANCE, labelOf })).toString();
    expect([...grid.matchAll(/name = "(.*)"/g)].map(([, name]) => name)).toEqual([
      'units',
      'labels',
      'confidence',
      'boundaries',
      'sylstream',
    ]);
    expect(textsOf(grid, 'labels')).toEqual(['', 'o""clock', '', 'o""clock', '']);
    expect(formatted(textGrid({ provenance: PROVENANCE })).toString()).not.toContain('labels');
  });

  it('is read back by our own reader, to the sample', () => {
    const path = written();
    const grid = readTextGrid(readFileSync(path, 'utf8'), path);
    expect([grid.start, grid.end]).toEqual([0, 2]);
    expect(grid.tiers.map(({ name }) => name)).toEqual([
      'units',
      'confidence',
      'boundaries',
      'sylstream',
    ]);
    const units = grid.tiers[0].items.map(({ start, end, text }) => [
      start * 16_000,
      end * 16_000,
      text,
    ]);
    expect(units).toEqual(EXPECTED);
    expect(grid.tiers[2].items.map(({ text }) => text)).toEqual([
      'certain',
      'certain',
      'forced',
      'certain',
      'certain',
    ]);
  });

  it('has a long silence as one interval, unless its pieces are asked for', () => {
    const pieces = [
      unit({ id: 7, start: 0, end: 4_000 }),
      unit({ index: 1, id: 0, start: 4_000, end: 14_000, pause: true }),
      unit({ index: 2, id: 0, start: 14_000, end: 24_000, pause: true }),
    ];
    const spans = (splitPauses: boolean): unknown[] => {
      const grid = textGrid({ provenance: PROVENANCE, splitPauses });
      const text = formatted(grid, pieces, 24_000).toString();
      const [units, , boundaries] = readTextGrid(text, 'x').tiers;
      const starts = units.items.map(({ start }) => start * 16_000);
      return [starts, boundaries.items.map(({ start }) => start * 16_000)];
    };
    expect(spans(false)).toEqual([
      [0, 4_000],
      [4_000, 24_000],
    ]);
    expect(spans(true)).toEqual([
      [0, 4_000, 14_000],
      [4_000, 14_000, 24_000],
    ]);
  });

  it('has no sliver after the last unit, but a rest of 40 ms or more', () => {
    const ends = (samples: number): number[] => {
      const grid = textGrid({ provenance: PROVENANCE });
      const text = formatted(grid, [unit({ start: 0, end: 16_000 })], samples).toString();
      return readTextGrid(text, 'x').tiers[0].items.map(({ end }) => end * 16_000);
    };
    expect(ends(16_000)).toEqual([16_000]);
    expect(ends(16_160)).toEqual([16_160]);
    expect(ends(16_639)).toEqual([16_639]);
    expect(ends(16_640)).toEqual([16_000, 16_640]);
  });

  it('carries bundle, hash, rate and λ', () => {
    const [text] = readTextGrid(readFileSync(written(), 'utf8'), 'x').tiers[3].items;
    expect(text.text).toBe(
      `bundle=tiny version=0.0.1 hash=${'ab'.repeat(32)} precision=int8 rate=natural lambda=2.25 w=1`,
    );
  });

  it.runIf(program('praat'))('opens in Praat with the same times and labels', () => {
    const printed = praat(PRINT_TIERS, written());
    const found = rows(printed, 'units');
    expect(found.map(([, , text]) => text)).toEqual(EXPECTED.map(([, , text]) => text));
    found.forEach(([from, to], n) => {
      expect(from).toBeCloseTo(EXPECTED[n][0] as number, 1);
      expect(to).toBeCloseTo(EXPECTED[n][1] as number, 1);
    });
    expect(rows(printed, 'boundaries')).toHaveLength(UNITS.length);
    expect(rows(printed, 'sylstream')[0][2]).toContain('bundle=tiny');
  });

  it.runIf(program('praat'))(
    'opens in Praat without units, without samples, and with a first unit that starts late',
    () => {
      expect(rows(praat(PRINT_TIERS, written([], 0)), 'units')).toEqual([[0, 1, '']]);
      expect(rows(praat(PRINT_TIERS, written([], 16_000)), 'units')).toEqual([[0, 16_000, '']]);
      const late = [unit({ id: 5, start: 320, end: 640 })];
      expect(rows(praat(PRINT_TIERS, written(late, 640)), 'units')).toEqual([
        [0, 320, ''],
        [320, 640, '5'],
      ]);
    },
  );

  it.runIf(program('praat'))(
    'reads back what Praat saves, in its long, its short form and in UTF-16',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'sylstream-'));
      const script = `
form Arguments
  sentence path
  sentence folder
endform
Read from file: path$
Save as text file: folder$ + "/long.TextGrid"
Save as short text file: folder$ + "/short.TextGrid"
Text writing preferences: "UTF-16"
Save as short text file: folder$ + "/utf16.TextGrid"
Text writing preferences: "try ASCII, then UTF-16"
`;
      praat(script, written(), folder);
      const grids = ['long', 'short', 'utf16'].map((name) =>
        readTextGrid(decodeText(readFileSync(join(folder, `${name}.TextGrid`))), name),
      );
      for (const { tiers } of grids) {
        const items = tiers[0].items.map(({ start, end, text }) => [
          start * 16_000,
          end * 16_000,
          text,
        ]);
        expect(items).toEqual(EXPECTED);
      }
    },
  );

  it.runIf(pythonWith('praatio'))('opens in praatio with the same times and labels', () => {
    const text = runPython(
      `
import json, sys
from praatio import textgrid
grid = textgrid.openTextgrid(sys.argv[1], includeEmptyIntervals=True)
tiers = {name: [list(entry) for entry in grid.getTier(name).entries] for name in grid.tierNames}
print(json.dumps(tiers))`,
      written(),
    );
    const tiers = JSON.parse(text) as Record<string, [number, number, string][]>;
    expect(Object.keys(tiers)).toEqual(['units', 'confidence', 'boundaries', 'sylstream']);
    const units = tiers['units'].map(([from, to, label]) => [from * 16_000, to * 16_000, label]);
    expect(units).toEqual(EXPECTED);
    expect(tiers['boundaries']).toHaveLength(UNITS.length);
  });
});
