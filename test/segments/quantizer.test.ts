import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createQuantizer } from '../../src/segments/quantizer.ts';
import type { SegmenterOutput } from '../../src/segments/segmenter.ts';
import { MERGED_SAMPLES_BOUND } from '../../src/segments/unitMerger.ts';
import type { Control, SpeechEvent, Unit } from '../../src/core/types.ts';
import { drive } from '../helpers/cuts.ts';
import { FOUR_UNITS, segmentsOf } from '../helpers/segments.ts';

const flush: Control = { control: 'flush', id: 7 };

function run(
  values: readonly SegmenterOutput[],
  options: { merge?: boolean; features?: boolean } = {},
): SpeechEvent[] {
  return drive(createQuantizer({ assign: FOUR_UNITS.assign, ...options }), values);
}

function unitsOf(events: readonly SpeechEvent[]): Unit[] {
  return events.flatMap((event) => (event.type === 'unit' ? [event.unit] : []));
}

describe('createQuantizer', () => {
  test('gives one unit a segment, pauses being 0 and sure', () => {
    const segments = segmentsOf([2, 0, 4, 4]);
    const units = unitsOf(run(segments));
    expect(units.map(({ id }) => id)).toEqual([2, 0, 4, 4]);
    units.forEach((unit, i) => {
      const { vector: _vector, ...rest } = segments[i];
      const { id, confidence } = unit;
      const fine = rest.pause ? {} : { fine: id }; // one centroid a unit
      expect(unit).toEqual({ ...rest, ...fine, id, ...(!rest.pause && { confidence }) });
      if (!rest.pause) expect(unit.confidence).toBeGreaterThan(0.99);
    });
    expect(units[1]).not.toHaveProperty('confidence');
  });

  test('keeps the vector on demand only', () => {
    const segments = segmentsOf([3]);
    expect(unitsOf(run(segments))[0]).not.toHaveProperty('vector');
    expect(unitsOf(run(segments, { features: true }))[0].vector).toBe(segments[0].vector);
  });

  test('answers a flush after the units that it decided, and ends turns of the dial', () => {
    const [a, b] = segmentsOf([1, 2]);
    const events = run([flush, a, { control: 'rate', rate: 5 }, b, flush]);
    expect(events.map(({ type }) => type)).toEqual(['flushed', 'unit', 'unit', 'flushed']);
    expect(events[0]).toEqual({ type: 'flushed', id: 7, sample: 0, index: 0 });
    expect(events[3]).toEqual({ type: 'flushed', id: 7, sample: b.end, index: 2 });
    expect(run([{ control: 'flush' }])).toEqual([{ type: 'flushed', sample: 0, index: 0 }]);
  });

  test('looks a segment up once, for as long as it stays what it was', () => {
    let looks = 0;
    const assign = (vector: Float32Array) => {
      looks += 1;
      return FOUR_UNITS.assign(vector);
    };
    const [a, b, c] = segmentsOf([1, 2, 3]);
    const moved = { ...b, vector: Float32Array.of(0, 0, 0, 1) }; // the same samples heard otherwise
    const events = drive(createQuantizer({ assign }), [
      { from: 0, provisional: [a] },
      { from: 0, provisional: [a, b] },
      { from: 0, provisional: [a, moved, c] },
      a,
      moved,
      { ...c, end: c.end + 320 },
    ]);
    expect(looks).toBe(5); // a, b, moved, c, and c when it is longer
    expect(unitsOf(events).map(({ id }) => id)).toEqual([1, 4, 3]);
    expect(events[2]).toMatchObject({ units: [{ id: 1 }, { id: 4 }, { id: 3 }] });
  });

  test('names a provisional tail', () => {
    const segments = segmentsOf([1, 2, 0]);
    const events = run([segments[0], { from: 1, provisional: segments.slice(1) }]);
    expect(events[1]).toMatchObject({
      type: 'provisional',
      from: 1,
      units: [
        { index: 1, id: 2, start: 3200 },
        { index: 2, id: 0, pause: true },
      ],
    });
  });
});

describe('createQuantizer, merge', () => {
  test('merges equal neighbours: final when the next, different one is', () => {
    const segments = segmentsOf([1, 1, 2, 0, 0, 3]);
    const events = run(segments, { merge: true, features: true });
    expect(unitsOf(events)).toMatchObject([
      { index: 0, id: 1, start: 0, end: 6400, decided: segments[2].decided },
      { index: 1, id: 2, start: 6400, end: 9600, decided: segments[3].decided },
      { index: 2, id: 0, start: 9600, end: 16_000, decided: segments[5].decided, pause: true },
      { index: 3, id: 3, start: 16_000, end: 19_200, decided: segments[5].decided },
    ]);
  });

  test('weighs confidence and vector by length and keeps a forced part in mind', () => {
    const [a, b] = segmentsOf([1, 1], (i) => (i === 0 ? 3000 : 1000));
    const machine = createQuantizer({
      assign: (vector) => ({ id: 1, confidence: vector[0] }),
      merge: true,
      features: true,
    });
    const values = [
      { ...a, vector: Float32Array.of(1, 0), forced: true },
      { ...b, vector: Float32Array.of(0, 4) },
    ];
    const [unit] = unitsOf(drive(machine, values));
    expect(unit).toMatchObject({ confidence: 0.75, forced: true, start: 0, end: 4000 });
    expect(unit.vector).toEqual(Float32Array.of(0.75, 1));
    expect(values[0].vector).toEqual(Float32Array.of(1, 0));
  });

  test('lets a unit go as soon as it is 2 s long, at a flush and at the end', () => {
    const long = segmentsOf([0, 0, 0, 0, 0], () => MERGED_SAMPLES_BOUND / 2 - 1);
    const events = run(long, { merge: true });
    expect(unitsOf(events)).toMatchObject([
      { index: 0, start: 0, end: long[2].end, decided: long[2].decided },
      { index: 1, start: long[3].start, end: long[4].end, decided: long[4].decided },
    ]);
    const [a, b] = segmentsOf([1, 1]);
    expect(run([a, flush, b], { merge: true })).toMatchObject([
      { type: 'unit', unit: { index: 0, end: a.end, decided: a.decided } },
      { type: 'flushed', sample: a.end, index: 1 },
      { type: 'unit', unit: { index: 1, start: b.start } },
    ]);
  });

  test('shows the held unit in the tail and changes nothing by showing it', () => {
    const segments = segmentsOf([1, 1, 1, 2]);
    const tail = { from: 2, provisional: segments.slice(2) };
    const events = run([segments[0], segments[1], tail, tail, segments[2]], { merge: true });
    const shown = {
      type: 'provisional',
      from: 0,
      units: [
        { index: 0, id: 1, start: 0, end: 9600 },
        { index: 1, id: 2, start: 9600 },
      ],
    };
    expect(events).toMatchObject([shown, shown, { type: 'unit', unit: { index: 0, end: 9600 } }]);
    expect(run([segments[0], { from: 1, provisional: [] }], { merge: true })[0]).toMatchObject({
      from: 0,
      units: [{ index: 0, end: 3200 }],
    });
  });

  test('for any segments: tiles the same time, never two equal units below the bound, one decision after the other', () => {
    const any = fc.array(
      fc.record({ unit: fc.integer({ min: 0, max: 3 }), tokens: fc.integer({ min: 3, max: 50 }) }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(any, (list) => {
        const segments = segmentsOf(
          list.map(({ unit }) => unit),
          (i) => 320 * list[i].tokens,
        );
        const units = unitsOf(run(segments, { merge: true }));
        expect(units.at(-1)?.end).toBe(segments.at(-1)?.end);
        units.forEach((unit, i) => {
          expect(unit.index).toBe(i);
          expect(unit.start).toBe(i === 0 ? 0 : units[i - 1].end);
          expect(unit.end - unit.start).toBeLessThan(MERGED_SAMPLES_BOUND + 16_000);
          if (i === 0) return;
          expect(unit.decided).toBeGreaterThanOrEqual(units[i - 1].decided);
          const before = units[i - 1];
          if (before.id === unit.id) {
            expect(before.end - before.start).toBeGreaterThanOrEqual(MERGED_SAMPLES_BOUND);
          }
        });
      }),
    );
  });
});
