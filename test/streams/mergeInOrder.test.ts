import { EMPTY, take } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { mergeInOrder } from '../../src/streams/mergeInOrder.ts';
import { marbles } from '../helpers/marbles.ts';

describe('mergeInOrder', () => {
  it('emits the first source as it comes, and what the others said meanwhile when it ends', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = cold('a--b---|');
      const b = cold('-c--------|');
      const c = cold('e|');
      expectObservable(mergeInOrder([a, b, c], 3)).toBe('a--b---c--(e|)', {
        a: 'a',
        b: 'b',
        c: 'c',
        e: 'e',
      });
      expectSubscriptions(a.subscriptions).toBe('^------!');
    });
  });

  it('runs no more sources at once than it may', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const [a, b, c] = [cold('a--|'), cold('-b---|'), cold('c|')];
      expectObservable(mergeInOrder([a, b, c], 2)).toBe('a--b-(c|)');
      expectSubscriptions(a.subscriptions).toBe('^--!');
      expectSubscriptions(b.subscriptions).toBe('^----!');
      expectSubscriptions(c.subscriptions).toBe('---^!');
    });
  });

  it.each([1, 2, 5, 9])('gives the order of one after the other with %i at once', (concurrency) => {
    const seen: string[] = [];
    new TestScheduler(() => undefined).run(({ cold, flush }) => {
      const sources = ['--a-b|', '|', 'c|', '-d---e--|', 'f-g|'].map((text) => cold(text));
      mergeInOrder(sources, concurrency).subscribe((value) => seen.push(value));
      flush();
    });
    expect(seen.join('')).toBe('abcdefg');
  });

  it('ends at once without sources, and with empty ones', () => {
    marbles(({ expectObservable }) => {
      expectObservable(mergeInOrder([], 2)).toBe('|');
      expectObservable(mergeInOrder([EMPTY, EMPTY], 1)).toBe('|');
    });
  });

  it('passes an error on and lets go of the others', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const [a, b] = [cold('a-----|'), cold('b-#')];
      expectObservable(mergeInOrder([a, b], 2)).toBe('a-#');
      expectSubscriptions(a.subscriptions).toBe('^-!');
    });
  });

  it('lets go of all sources when it is unsubscribed', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const [a, b, c] = [cold('a--a'), cold('b'), cold('c')];
      expectObservable(mergeInOrder([a, b, c], 2).pipe(take(2))).toBe('a--(a|)');
      expectSubscriptions(a.subscriptions).toBe('^--!');
      expectSubscriptions(b.subscriptions).toBe('^--!');
      expectSubscriptions(c.subscriptions).toBe('');
    });
  });

  it.each([0, 1.5, Number.NaN])('refuses a concurrency of %s', (concurrency) => {
    expect(() => mergeInOrder([], concurrency)).toThrow(/concurrency must be a whole number/);
  });
});
