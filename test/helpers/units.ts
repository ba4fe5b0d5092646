import type { Provenance, UnitFormatter } from '../../src/formats/unitFormatter.ts';
import type { Unit } from '../../src/core/types.ts';

/** A recording of 2 s: a pause, three syllables (the second one forced), a pause that the recording's end cuts off. */
export const SAMPLES = 32_000;

/** Its units. */
export const UNITS: readonly Unit[] = [
  unit({ index: 0, id: 0, start: 0, end: 4_920, pause: true }),
  unit({ index: 1, id: 17, fine: 64, start: 4_920, end: 8_761 }),
  unit({
    index: 2,
    id: 203,
    fine: 1700,
    start: 8_761,
    end: 12_921,
    forced: true,
    confidence: 0.25,
  }),
  unit({ index: 3, id: 17, fine: 65, start: 12_921, end: 19_320 }),
  unit({ index: 4, id: 0, start: 19_320, end: 31_481, pause: true }),
];

/** What their numbers mean. */
export const PROVENANCE: Provenance = {
  bundle: 'tiny',
  version: '0.0.1',
  hash: 'ab'.repeat(32),
  precision: 'int8',
  rate: 'natural',
  lambda: 2.25,
  w: 1,
};

/** A unit with ordinary values for what is not named. */
export function unit(values: Partial<Unit> & Pick<Unit, 'start' | 'end'>): Unit {
  return {
    index: 0,
    id: 1,
    decided: values.end + 5_000,
    ...(values.pause !== true && { confidence: 0.625 }),
    pause: false,
    forced: false,
    ...values,
  };
}

/** Runs a formatter over units and joins what it gives. */
export function formatted(
  formatter: UnitFormatter,
  units: readonly Unit[] = UNITS,
  samples: number = SAMPLES,
): Buffer {
  const parts = [formatter.begin(), ...units.map((u) => formatter.unit(u)), formatter.end(samples)];
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}
