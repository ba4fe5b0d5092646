import { from, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createSpeakingRate } from '../../src/segments/speakingRate.ts';
import type { SpeakingRate, SpokenSpan } from '../../src/segments/speakingRate.ts';
import { speakingRate } from '../../src/operators/speakingRate.ts';
import { drive, seeded } from '../helpers/cuts.ts';
import { marbles } from '../helpers/marbles.ts';

const first: SpokenSpan = { start: 0, end: 4_000, pause: false };
const second: SpokenSpan = { start: 4_000, end: 12_000, pause: true };
const [x, y] = drive(createSpeakingRate(), [first, second]);

describe('speakingRate', () => {
  it('emits one reading a unit and completes with its source', () => {
    expect(x.windows[0]).toMatchObject({ seconds: 0.25, speechRate: 4, pauses: 0 });
    expect(y.windows[0]).toMatchObject({ seconds: 0.75, articulationRate: 4, pauses: 1 });
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('                        -a-b-|', { a: first, b: second });
      expectObservable(source.pipe(speakingRate())).toBe('-x-y-|', { x, y });
      expectSubscriptions(source.subscriptions).toBe('    ^----!');
    });
  });

  it('emits nothing for an empty source and one that never speaks', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold<SpokenSpan>('--|').pipe(speakingRate())).toBe('--|');
      expectObservable(cold<SpokenSpan>('-').pipe(speakingRate())).toBe('-');
    });
  });

  it('passes a source error on', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('                        -a-#', { a: first }, new Error('unplugged'));
      expectObservable(source.pipe(speakingRate())).toBe('-x-#', { x }, new Error('unplugged'));
      expectSubscriptions(source.subscriptions).toBe('    ^--!');
    });
  });

  it('sends its own error down and leaves the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('                        -a-a-a-|', { a: first });
      expectObservable(source.pipe(speakingRate())).toBe(
        '                                          -x-#',
        { x },
        new RangeError('a unit must begin at 4000 and end later, got 0 to 4000'),
      );
      expectSubscriptions(source.subscriptions).toBe('    ^--!');
    });
  });

  it('leaves the source when its subscriber leaves', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-|', { a: first, b: second });
      expectObservable(source.pipe(speakingRate()), '^-!').toBe('-x-', { x });
      expectSubscriptions(source.subscriptions).toBe('^-!');
    });
  });

  it('shares nothing between two subscribers', () => {
    const random = seeded(5);
    let at = 0;
    const spans = Array.from({ length: 300 }, () => ({
      start: at,
      end: (at += 960 + Math.floor(random() * 8_000)),
      pause: random() < 0.2,
    }));
    const rate$ = from(spans).pipe(speakingRate(), toArray());
    const runs: SpeakingRate[][] = [];
    for (let i = 0; i < 2; i++) rate$.subscribe((readings) => runs.push(readings));
    expect(runs[0]).toHaveLength(300);
    expect(runs[1]).toEqual(runs[0]);
  });

  it('throws for a wrong option at once, before anybody subscribes', () => {
    expect(() => speakingRate({ minPauseMs: -1 })).toThrow(RangeError);
  });
});
