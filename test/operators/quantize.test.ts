import { concat, from, throwError, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { SegmenterOutput } from '../../src/segments/segmenter.ts';
import { quantize } from '../../src/operators/quantize.ts';
import type { Control, SpeechEvent } from '../../src/core/types.ts';
import { marbles } from '../helpers/marbles.ts';
import { FOUR_UNITS, segmentsOf } from '../helpers/segments.ts';

const flush: Control = { control: 'flush' };
const [a, b] = segmentsOf([1, 3]);

/** The event of a segment whose unit is clear. */
function unitEvent(segment: typeof a & object, id: number): SpeechEvent {
  const { vector, ...rest } = segment;
  const { fine, confidence } = FOUR_UNITS.assign(vector);
  return { type: 'unit', unit: { ...rest, id, fine, confidence } };
}

describe('quantize', () => {
  it('emits a unit with each segment, and flushed at its place', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold<SegmenterOutput>('-a-f-b-|', { a, b, f: flush });
      expectObservable(source.pipe(quantize(FOUR_UNITS))).toBe('-x-f-y-|', {
        x: unitEvent(a, 1),
        y: unitEvent(b, 3),
        f: { type: 'flushed', sample: a.end, index: 1 },
      });
      expectSubscriptions(source.subscriptions).toBe('^------!');
    });
  });

  it('holds a unit back with merge until the next one differs, and lets it go on completion', () => {
    marbles(({ cold, expectObservable }) => {
      const merged = (segment: typeof a, decided: number, id: number): SpeechEvent => {
        const { unit } = unitEvent(segment, id) as SpeechEvent & { type: 'unit' };
        return { type: 'unit', unit: { ...unit, decided } };
      };
      expectObservable(
        cold<SegmenterOutput>('-a-b-|', { a, b }).pipe(quantize(FOUR_UNITS, { merge: true })),
      ).toBe('---x-(y|)', { x: merged(a, b.decided, 1), y: merged(b, b.decided, 3) });
    });
  });

  it('emits nothing for an empty source and one that never speaks', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold<SegmenterOutput>('--|').pipe(quantize(FOUR_UNITS))).toBe('--|');
      expectObservable(cold<SegmenterOutput>('-').pipe(quantize(FOUR_UNITS))).toBe('-');
    });
  });

  it('passes a source error on, after what came before it', () => {
    const seen: SpeechEvent[] = [];
    let error: unknown;
    concat(
      from(segmentsOf([1, 2, 3])),
      throwError(() => new Error('unplugged')),
    )
      .pipe(quantize(FOUR_UNITS))
      .subscribe({ next: (event) => seen.push(event), error: (caught) => (error = caught) });
    expect(seen.length).toBe(3);
    expect(error).toEqual(new Error('unplugged'));
  });

  it('sends a vector of another length down as an error and leaves the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-|', { a, b: { ...b, vector: new Float32Array(3) } });
      expectObservable(source.pipe(quantize(FOUR_UNITS))).toBe(
        '-x-#',
        { x: unitEvent(a, 1) },
        new RangeError('vector must hold 4 numbers, got 3'),
      );
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('leaves the source when its subscriber leaves', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-|', { a, b });
      expectObservable(source.pipe(quantize(FOUR_UNITS)), '^-!').toBe('-x-', {
        x: unitEvent(a, 1),
      });
      expectSubscriptions(source.subscriptions).toBe('^-!');
    });
  });

  it('shares nothing between two subscribers', () => {
    const units$ = from(segmentsOf([1, 1, 2, 2, 2, 0, 0, 4])).pipe(
      quantize(FOUR_UNITS, { merge: true }),
      toArray(),
    );
    const runs: SpeechEvent[][] = [];
    units$.subscribe((events) => runs.push(events));
    units$.subscribe((events) => runs.push(events));
    expect(runs[0].length).toBe(4);
    expect(runs[1]).toEqual(runs[0]);
  });
});
