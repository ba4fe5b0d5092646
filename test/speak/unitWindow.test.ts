import { describe, expect, it } from 'vitest';
import {
  createUnitWindow,
  type SpokenUnit,
  type UnitPiece,
  type UnitWindowOptions,
} from '../../src/speak/unitWindow.ts';
import { drive } from '../helpers/cuts.ts';

const OPTIONS: UnitWindowOptions = { merged: 4, usualTokens: [15, 8, 9, 10, 11] };
const window = (options = {}) => createUnitWindow({ ...OPTIONS, ...options });
const run = (units: readonly SpokenUnit[], options = {}): UnitPiece[] =>
  drive(window(options), units);

describe('createUnitWindow', () => {
  it('shows each unit with two before it and one after it, where there are any', () => {
    const units = [1, 2, 3].map((id) => ({ id }));
    expect(run(units).map((unit) => [unit.units, unit.lengths])).toEqual([
      [[5, 5, 1, 2], [0, 0, 8, 9]], // prettier-ignore
      [[5, 1, 2, 3], [0, 8, 9, 10]], // prettier-ignore
      [[1, 2, 3, 5], [8, 9, 10, 0]], // prettier-ignore
    ]);
  });

  it('shows finer names where they are known and wanted, never that of a pause', () => {
    const units = [{ id: 1, fine: 7 }, { id: 0, fine: 3 }, { id: 2 }, { id: 3, fine: 8 }];
    expect(run(units, { fine: 8 }).map(({ fine }) => fine)).toEqual([
      [0, 0, 7, 0],
      [0, 7, 0, 0],
      [7, 0, 0, 8],
      [0, 0, 8, 0], // prettier-ignore
    ]);
    expect(run(units).every(({ fine }) => fine.every((name) => name === 0))).toBe(true);
  });

  it.each([9, -1, 1.5, Number.NaN])('refuses the finer name %s', (fine) => {
    expect(() => run([{ id: 1, fine }], { fine: 8 })).toThrow(/a finer name from 0 to 8, got/);
  });

  it('speaks at once without looking ahead', () => {
    const machine = window({ lookAhead: false });
    expect([...machine.push({ id: 1 })].map(({ units }) => units)).toEqual([[5, 5, 1, 5]]);
    expect([...machine.flush()]).toEqual([]);
  });

  it('has as many frames as the units are long, without drift where lengths are no whole frames', () => {
    const edges = [40, 1000, 2777, 5000, 9001, 9002];
    const units = edges.slice(1).map((end, k) => ({ id: 1, start: edges[k], end }));
    const made = run(units);
    const frames = made.reduce((sum, unit) => sum + unit.places.length + unit.silent, 0);
    expect(frames).toBe(Math.ceil((9002 - 40) / 160));
    // A frame's place is counted from its unit's own start.
    expect(made[1].places[0]).toBeCloseTo((160 * 6 - 960) / 160, 6);
    expect(made[2].places[0]).toBeCloseTo((160 * 18 - 2737) / 160, 6);
    expect(made[4]).toMatchObject({ places: new Float32Array(0), silent: 0 });
  });

  it('is silent in the middle of a long pause, piece by piece, and nowhere in a unit', () => {
    const made = run([
      { id: 0, start: 0, end: 56_000 },
      { id: 1, start: 56_000, end: 88_000 },
    ]);
    const sizes = made.map(({ places, silent }) => [places.length, silent]);
    expect(sizes).toEqual([[26, 100], [0, 100], [0, 99], [25, 0], [200, 0]]); // prettier-ignore
    expect([...made[3].places]).toEqual(Array.from({ length: 25 }, (_, n) => 325 + n));
    expect(made.map(({ units }) => units[2])).toEqual([0, 0, 0, 0, 1]);
  });

  it('takes a pause of ten minutes in pieces of a second', () => {
    const made = run([{ id: 0, start: 0, end: 9_600_000 }]);
    expect(made.every(({ places, silent }) => places.length + silent <= 126)).toBe(true);
    expect(made.reduce((sum, { places, silent }) => sum + places.length + silent, 0)).toBe(60_000);
  });

  it.each<[string, SpokenUnit, RegExp]>([
    ['an id above the last', { id: 5 }, /an id from 0 to 4, got 5/],
    ['an id below 0', { id: -1 }, /an id from 0 to 4, got -1/],
    ['half an id', { id: 1.5 }, /got 1\.5/],
    ['no id', { id: Number.NaN }, /got null/],
    ['no length', { id: 1, start: 10, end: 10 }, /1 to 64000 samples of a unit, got 0/],
    ['an end before its start', { id: 1, start: 10, end: 0 }, /got -10/],
    ['an hour', { id: 1, start: 0, end: 57_600_000 }, /got 57600000/],
    ['an hour of pause', { id: 0, start: 0, end: 57_600_000 }, /9600000 samples of a pause/],
    ['an end that is not finite', { id: 1, start: 0, end: Infinity }, /whole numbers of samples/],
    ['an end alone', { id: 1, end: 320 }, /whole numbers of samples/],
  ])('refuses %s by name', (_, unit, says) => {
    expect(() => run([unit])).toThrow(says);
    expect(() => run([unit])).toThrow(expect.objectContaining({ code: 'SYLSTREAM_ERR_UNITS' }));
  });

  it('refuses a unit that does not follow the one before', () => {
    const first = { id: 1, start: 0, end: 3200 };
    expect(() => run([first, { id: 2, start: 3520, end: 6400 }])).toThrow(
      /unit 1: expected it to begin at sample 3200, where the one before ends, got 3520/,
    );
  });
});
