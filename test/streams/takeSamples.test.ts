import { describe, expect, it } from 'vitest';
import { takeSamples } from '../../src/streams/takeSamples.ts';
import type { PcmChunk } from '../../src/core/types.ts';
import { marbles } from '../helpers/marbles.ts';

const chunk = (...samples: number[]): PcmChunk => ({ samples: Float32Array.from(samples) });
const values = { a: chunk(1, 2, 3), b: chunk(4, 5), c: chunk(4), e: chunk() };

describe('takeSamples', () => {
  it('cuts the last chunk, completes and lets go of its source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('a-b-a|', values);
      expectObservable(source.pipe(takeSamples(4))).toBe('a-(c|)', values);
      expectSubscriptions(source.subscriptions).toBe('^-!');
    });
  });

  it('ends with a chunk that fits exactly', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('a-b-a|', values).pipe(takeSamples(5))).toBe('a-(b|)', values);
    });
  });

  it('ends with its source when that is shorter, and passes its error on', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('a-e-|', values).pipe(takeSamples(9))).toBe('a-e-|', values);
      expectObservable(cold('a-#', values).pipe(takeSamples(9))).toBe('a-#', values);
      expectObservable(cold('a-b-', values).pipe(takeSamples(Infinity))).toBe('a-b-', values);
      expectObservable(cold('|', values).pipe(takeSamples(1))).toBe('|');
      expectObservable(cold('-', values).pipe(takeSamples(1))).toBe('-');
    });
  });

  it('counts anew for each subscription', () => {
    marbles(({ cold, expectObservable }) => {
      const limited = cold('a-b|', values).pipe(takeSamples(4));
      expectObservable(limited).toBe('a-(c|)', values);
      expectObservable(limited).toBe('a-(c|)', values);
    });
  });

  it.each([0, -1, Number.NaN])('refuses a limit of %s', (limit) => {
    expect(() => takeSamples(limit)).toThrow(RangeError);
  });
});
