import * as fc from 'fast-check';
import { concat, from, of, throwError, toArray, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { segmentOffline } from '../../src/segments/segmentOffline.ts';
import type { SegmenterOutput } from '../../src/segments/segmenter.ts';
import { PipelineError } from '../../src/core/errors.ts';
import { segment } from '../../src/operators/segment.ts';
import type { Control, FeatureBlock } from '../../src/core/types.ts';
import { madeUp, onGrid, rows, segmenterConfig } from '../helpers/features.ts';
import { marbles } from '../helpers/marbles.ts';

const config = segmenterConfig();
const whole = madeUp({ tokens: 400, seed: 3, boundary: true });
const blocks = onGrid(whole);
const flush: Control = { control: 'flush', id: 'now' };

/** All that an operator sends, when it is done at once. */
function collect(values$: Observable<SegmenterOutput>): SegmenterOutput[] {
  let all: SegmenterOutput[] = [];
  values$.pipe(toArray()).subscribe((values) => (all = values));
  return all;
}

describe('segment', () => {
  it('emits segments when they are certain and the rest when its source completes', () => {
    const [first] = segmentOffline(rows(whole, 0, 4, { availableSample: 0 }), { config });
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold<FeatureBlock | Control>('-a--f---|', {
        a: rows(whole, 0, 4, { availableSample: 2800 }),
        f: flush,
      });
      expectObservable(source.pipe(segment({ config }))).toBe('----(sf)|', {
        s: { ...first, decided: 2800 },
        f: flush,
      });
      expectSubscriptions(source.subscriptions).toBe('^-------!');
    });
  });

  it('emits nothing for an empty source and one that never speaks', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold<FeatureBlock>('--|').pipe(segment({ config }))).toBe('--|');
      expectObservable(cold<FeatureBlock>('-').pipe(segment({ config }))).toBe('-');
    });
  });

  it('emits many segments: those of the whole recording at once', () => {
    const offline = segmentOffline(whole, { config });
    const values = collect(from(blocks).pipe(segment({ config, maxDelayMs: Infinity })));
    expect(values).toMatchObject(offline.map(({ decided: _decided, ...rest }) => rest));
  });

  it('passes a source error on, after what came before it', () => {
    const seen: SegmenterOutput[] = [];
    let error: unknown;
    concat(
      from(blocks),
      throwError(() => new Error('unplugged')),
    )
      .pipe(segment({ config }))
      .subscribe({ next: (value) => seen.push(value), error: (caught) => (error = caught) });
    expect(error).toEqual(new Error('unplugged'));
    expect(seen.length).toBeGreaterThan(20);
  });

  it('sends a gap in the features down as an error and leaves the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('a-b-a-|', {
        a: rows(whole, 0, 2, { availableSample: 900 }),
        b: rows(whole, 3, 5, { availableSample: 1900 }),
      });
      expectObservable(source.pipe(segment({ config }))).toBe(
        '--#',
        {},
        new PipelineError(
          'SYLSTREAM_ERR_ENCODER',
          'the segmenter expected features from token 2 on, got a block from token 3; check the bundle that the encoder runs',
        ),
      );
      expectSubscriptions(source.subscriptions).toBe('^-!');
    });
  });

  it('sends a turn to a rate that the bundle lacks down as an error', () => {
    let error: unknown;
    of<Control>({ control: 'rate', rate: 3 })
      .pipe(segment({ config }))
      .subscribe({ error: (caught) => (error = caught) });
    expect(error).toBeInstanceOf(RangeError);
  });

  it('leaves the source when its subscriber leaves', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-a-|', { a: rows(whole, 0, 1, { availableSample: 560 }) });
      expectObservable(source.pipe(segment({ config })), '^-!').toBe('---');
      expectSubscriptions(source.subscriptions).toBe('^-!');
    });
  });

  it('shares nothing between two subscribers', () => {
    const segments$ = from(blocks).pipe(segment({ config, partials: true }));
    const once = collect(segments$);
    expect(collect(segments$)).toEqual(once);
    expect(once.length).toBeGreaterThan(70);
  });

  it('gives the same for any cut of a chunk whose parts became available together', () => {
    const options = { config, maxDelayMs: Infinity };
    const expected = collect(from(blocks).pipe(segment(options)));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), (size) => {
        const pieces = (blocks as FeatureBlock[]).flatMap((block) => {
          if (block.scratch || block.tokens <= size) return [block];
          const middle = block.firstToken + size;
          const end = block.firstToken + block.tokens;
          return [rows(whole, block.firstToken, middle, block), rows(whole, middle, end, block)];
        });
        expect(collect(from(pieces).pipe(segment(options)))).toEqual(expected);
      }),
    );
  });

  it('throws at once for an option out of range', () => {
    expect(() => segment({ config, rate: 100 })).toThrow(RangeError);
    expect(() => segment({ config, rate: 'fast' as 'natural' })).toThrow(TypeError);
    expect(() => segment({ config, maxDelayMs: -5 })).toThrow(/maxDelayMs .* got -5/);
  });
});
