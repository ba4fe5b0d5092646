import { describe, expect, it } from 'vitest';
import { secondsToSamples, unitBoundaries, unitReport } from '../../src/segments/unitReport.ts';
import { unit, UNITS } from '../helpers/units.ts';

const REFERENCE = [4_920, 8_761, 12_921, 19_320];

describe('unitBoundaries', () => {
  it('takes starts and ends of units that are no pauses, each once', () => {
    expect(unitBoundaries(UNITS)).toEqual(REFERENCE);
  });
});

describe('unitReport', () => {
  it('scores 1 for the reference itself', () => {
    const { boundaries } = unitReport([{ units: UNITS, reference: REFERENCE }], { merged: 256 });
    expect(boundaries[20]).toMatchObject({ hits: 4, precision: 1, recall: 1, f1: 1, rValue: 1 });
  });

  it('adds counts up over recordings', () => {
    const none = { units: [], reference: [100, 200] };
    const both = unitReport([{ units: UNITS, reference: REFERENCE }, none], { merged: 256 });
    expect(both.boundaries[50]).toMatchObject({ hits: 4, found: 4, reference: 6, precision: 1 });
    expect(both.boundaries[50].recall).toBeCloseTo(2 / 3);
  });

  it('counts a boundary at the tolerance and none beyond, after the shift', () => {
    const late = REFERENCE.map((sample) => sample + 320);
    const at = (shiftSamples: number) =>
      unitReport([{ units: UNITS, reference: late }], { merged: 2, shiftSamples }).boundaries[20]
        .hits;
    expect([at(0), at(-1), at(640), at(641)]).toEqual([4, 0, 4, 0]);
  });

  it('reports rate, bits, forced decisions and delays without counting pauses as units', () => {
    const report = unitReport([{ units: UNITS, reference: REFERENCE }], { merged: 256 });
    expect(report.units).toBe(3);
    expect(report.unitsPerSecond).toBeCloseTo(3 / 0.9, 6);
    expect(report.bitsPerSecond).toBeCloseTo((8 * 3) / 0.9, 6);
    expect(report.forced).toBe(0.2);
    expect(report.delayMs).toEqual({ p50: 312.5, p95: 312.5 });
  });

  it('takes the delay at the smallest value that the share does not exceed', () => {
    const units = Array.from({ length: 20 }, (_, n) =>
      unit({ start: n * 320, end: n * 320 + 320, decided: n * 320 + 320 + 16 * (n + 1) }),
    );
    expect(unitReport([{ units, reference: [] }], { merged: 2 }).delayMs).toEqual({
      p50: 10,
      p95: 19,
    });
  });

  it('gives zeros for nothing at all', () => {
    const report = unitReport([], { merged: 256 });
    expect(report).toMatchObject({
      units: 0,
      unitsPerSecond: 0,
      forced: 0,
      delayMs: { p50: 0, p95: 0 },
    });
    expect(report.boundaries[20].f1).toBe(0);
  });
});

describe('secondsToSamples', () => {
  it('rounds to whole samples', () => {
    expect(secondsToSamples([0, 0.1, 1.00003])).toEqual([0, 1_600, 16_000]);
  });
});
