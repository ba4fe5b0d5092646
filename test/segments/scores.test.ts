import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bitsPerSecond,
  matchBoundaries,
  matchSegments,
  scoreBoundaries,
  scoresOf,
  sumCounts,
  unitRate,
  type BoundaryScores,
} from '../../src/segments/scores.ts';

const within = (toleranceSamples: number) => ({ toleranceSamples });

describe('matchBoundaries', () => {
  test('pairs within the tolerance, both ends included, one to one', () => {
    expect(matchBoundaries([0, 100, 200], [20, 121, 180], within(20))).toEqual([
      [0, 0],
      [2, 2],
    ]);
    expect(matchBoundaries([10, 11, 12], [11], within(5))).toEqual([[0, 0]]);
    expect(matchBoundaries([], [1], within(0))).toEqual([]);
    expect(matchBoundaries([1], [1], within(0))).toEqual([[0, 0]]);
  });

  test('finds a largest matching', () => {
    /** The most pairs, by trying every choice. */
    const most = (found: number[], reference: number[], tolerance: number): number => {
      if (found.length === 0) return 0;
      const [first, ...rest] = found;
      const choices = reference.filter((place) => Math.abs(place - first) <= tolerance);
      return Math.max(
        most(rest, reference, tolerance),
        ...choices.map((c) => {
          const left = reference.toSpliced(reference.indexOf(c), 1);
          return 1 + most(rest, left, tolerance);
        }),
      );
    };
    const places = fc
      .array(fc.integer({ min: 0, max: 30 }), { maxLength: 6 })
      .map((list) => list.sort((a, b) => a - b));
    fc.assert(
      fc.property(places, places, fc.integer({ min: 0, max: 8 }), (found, reference, tolerance) => {
        const pairs = matchBoundaries(found, reference, within(tolerance));
        expect(pairs.length).toBe(most(found, reference, tolerance));
        for (const [i, j] of pairs) {
          expect(Math.abs(found[i] - reference[j])).toBeLessThanOrEqual(tolerance);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('refuses a negative tolerance and lists out of order', () => {
    expect(() => matchBoundaries([], [], within(-1))).toThrow(/toleranceSamples .* got -1/);
    expect(() => matchBoundaries([], [], within(NaN))).toThrow(RangeError);
    expect(() => matchBoundaries([2, 1], [], within(1))).toThrow(
      /found must be ascending, got 1 after 2/,
    );
    expect(() => matchBoundaries([], [5, 4], within(1))).toThrow(/reference must be ascending/);
  });
});

describe('scoreBoundaries', () => {
  test('is right on numbers worked by hand: 6 of 8 found are among 10', () => {
    const reference = Array.from({ length: 10 }, (_, i) => 1000 * i);
    const found = [5, 1003, 1996, 3000, 4010, 4990, 6500, 7500];
    const scores = scoreBoundaries(found, reference, within(10));
    expect(scores).toMatchObject({
      hits: 6,
      found: 8,
      reference: 10,
      precision: 0.75,
      recall: 0.6,
    });
    expect(scores.f1).toBeCloseTo(2 / 3, 12);
    // OS = 0.6/0.75 − 1 = −0.2; r1 = √(0.16 + 0.04); r2 = (0.2 − 0.4)/√2
    expect(scores.rValue).toBeCloseTo(1 - (Math.sqrt(0.2) + 0.2 / Math.SQRT2) / 2, 12);
  });

  test('gives an R-value of 1 to the truth and punishes a boundary everywhere', () => {
    const reference = [100, 200, 300];
    expect(scoreBoundaries(reference, reference, within(0)).rValue).toBe(1);
    const everywhere = Array.from({ length: 40 }, (_, i) => 10 * i);
    const cheat = scoreBoundaries(everywhere, reference, within(0));
    expect(cheat.recall).toBe(1);
    expect(cheat.rValue).toBeLessThan(-5);
  });

  test('is finite where there is nothing', () => {
    expect(scoresOf({ hits: 0, found: 0, reference: 0 })).toMatchObject({
      precision: 0,
      recall: 0,
      f1: 0,
    });
    for (const [found, reference] of [
      [0, 0],
      [0, 4],
      [4, 0],
      [4, 4],
    ]) {
      const scores = scoresOf({ hits: 0, found, reference });
      expect(Object.values(scores).every(Number.isFinite)).toBe(true);
      expect(scores.f1).toBe(0);
    }
  });

  test('agrees with an independent implementation over 12 sentences', () => {
    const path = join(import.meta.dirname, '../fixtures/scores.json');
    const golden = JSON.parse(readFileSync(path, 'utf8')) as {
      files: { reference: number[]; found: number[] }[];
      expected: (Omit<BoundaryScores, 'hits'> & { toleranceMs: number })[];
    };
    expect(golden.expected.length).toBe(3);
    for (const { toleranceMs, ...expected } of golden.expected) {
      const counts = golden.files.map((file) =>
        scoreBoundaries(file.found, file.reference, within(16 * toleranceMs)),
      );
      const scores = scoresOf(sumCounts(counts));
      for (const [name, value] of Object.entries(expected)) {
        // its figures are rounded to four places
        expect(Math.abs(scores[name as keyof BoundaryScores] - value)).toBeLessThanOrEqual(
          5.001e-5,
        );
      }
    }
  });
});

describe('matchSegments', () => {
  const span = (start: number, end: number) => ({ start, end });

  test('pairs segments of which both ends meet', () => {
    const found = [span(0, 100), span(100, 205), span(205, 300), span(300, 400)];
    const reference = [span(0, 95), span(95, 150), span(150, 200), span(200, 310), span(310, 402)];
    expect(matchSegments(found, reference, within(10))).toEqual([
      [0, 0],
      [2, 3],
      [3, 4],
    ]);
    expect(matchSegments(found, found, within(0))).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    expect(matchSegments(found, [], within(0))).toEqual([]);
  });
});

describe('unitRate and bitsPerSecond', () => {
  test('count units over the time that is no pause', () => {
    const units = [
      { start: 0, end: 4000, pause: false },
      { start: 4000, end: 20_000, pause: true },
      { start: 20_000, end: 24_000, pause: false },
    ];
    expect(unitRate(units)).toBe(4);
    expect(unitRate(units.slice(1, 2))).toBe(0);
    expect(unitRate([])).toBe(0);
    expect(bitsPerSecond(5, 4096)).toBe(60); // the published headline
    expect(bitsPerSecond(8.33, 2048)).toBeCloseTo(91.63, 6);
    expect(() => bitsPerSecond(5, 0)).toThrow(/units must be a whole number of 1 or more, got 0/);
  });
});
