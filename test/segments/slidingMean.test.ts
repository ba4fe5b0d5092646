import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createSlidingMean,
  type PooledWindow,
  type SlidingMeanOptions,
} from '../../src/segments/slidingMean.ts';
import type { Control, FeatureBlock } from '../../src/core/types.ts';
import { samplesForTokens } from '../../src/core/time.ts';
import { drive } from '../helpers/cuts.ts';
import { madeUp, onGrid, rows } from '../helpers/features.ts';

const options = { width: 4, windowTokens: 10, hopTokens: 4 };
const run = (blocks: Iterable<FeatureBlock | Control>, over: Partial<SlidingMeanOptions> = {}) =>
  drive(createSlidingMean({ ...options, ...over }), blocks);

/** The mean of tokens [from, to), read aloud. */
function meanOf(whole: FeatureBlock, from: number, to: number): number[] {
  return Array.from({ length: 4 }, (_, d) => {
    let sum = 0;
    for (let t = from; t < to; t++) sum += whole.features[t * 4 + d];
    return Math.fround(sum / (to - from));
  });
}

const spans = (windows: readonly PooledWindow[]): number[][] =>
  windows.map(({ start, end }) => [start / 320, (end - 240) / 320]);

describe('createSlidingMean', () => {
  it('gives a window every hop from the first whole one on, and one at the end', () => {
    const whole = madeUp({ tokens: 21, seed: 1 });
    const windows = run([rows(whole, 0, 21, { availableSample: 999 })]);
    expect(spans(windows)).toEqual([
      [0, 10],
      [4, 14],
      [8, 18],
      [11, 21],
    ]);
    for (const [i, [from, to]] of spans(windows).entries()) {
      expect([...windows[i].vector!]).toEqual(meanOf(whole, from, to));
      expect(windows[i].decided).toBe(999);
    }
  });

  it('gives no second window where one ended with the last token', () => {
    expect(spans(run([madeUp({ tokens: 14, seed: 1 })]))).toEqual([
      [0, 10],
      [4, 14],
    ]);
  });

  it('gives one shorter window for less than a window, none for nothing', () => {
    expect(spans(run([madeUp({ tokens: 7, seed: 2 })]))).toEqual([[0, 7]]);
    expect(run([])).toEqual([]);
    expect(run([{ control: 'flush' }])).toEqual([]);
  });

  it('skips tokens between windows when the hop is longer than the window', () => {
    const whole = madeUp({ tokens: 30, seed: 3 });
    const windows = run([whole], { windowTokens: 3, hopTokens: 12 });
    expect(spans(windows)).toEqual([
      [0, 3],
      [12, 15],
      [24, 27],
      [27, 30],
    ]);
    expect([...windows[1].vector!]).toEqual(meanOf(whole, 12, 15));
  });

  it('decides at a flush, takes nothing back, and goes on upon the same grid with the rows that come again', () => {
    const before = madeUp({ tokens: 24, seed: 4 });
    const again = madeUp({ tokens: 24, seed: 5 });
    const windows = run([
      rows(before, 0, 8, { availableSample: samplesForTokens(12) }),
      rows(before, 8, 12, { availableSample: samplesForTokens(12), scratch: true }),
      { control: 'flush' },
      rows(again, 8, 16, { availableSample: samplesForTokens(20) }),
      rows(again, 16, 24, { availableSample: samplesForTokens(24), scratch: true }),
    ]);
    expect(spans(windows)).toEqual([
      [0, 10],
      [2, 12],
      [4, 14],
      [8, 18],
      [12, 22],
      [14, 24],
    ]);
    expect([...windows[1].vector!]).toEqual(meanOf(before, 2, 12));
    expect([...windows[5].vector!]).toEqual(meanOf(again, 14, 24));
  });

  it('gives the same windows however the encoder hands the tokens over', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 9 }),
        (tokens, chunk) => {
          const whole = madeUp({ tokens, seed: tokens });
          const plain = run([{ ...whole, availableSample: 0 }]);
          const cut = run(onGrid(whole, { chunk, delay: Math.min(4, chunk - 1) }));
          expect(cut.map((window) => ({ ...window, decided: 0 }))).toEqual(plain);
        },
      ),
    );
  });

  it('averages speech alone where it must, and says nothing of a window with too little of it', () => {
    const whole = madeUp({ tokens: 20, seed: 7 });
    const speech = Float32Array.from({ length: 20 }, (_, t) => (t >= 3 && t < 9 ? 0 : -1));
    const windows = run([{ ...whole, speech }], { minSpeechTokens: 3 });
    expect(spans(windows)).toEqual([
      [0, 10],
      [4, 14],
      [8, 18],
      [10, 20],
    ]);
    expect(windows.map(({ counted }) => counted)).toEqual([6, 5, 1, 0]);
    expect([...windows[0].vector!]).toEqual(meanOf(whole, 3, 9));
    expect([...windows[1].vector!]).toEqual(meanOf(whole, 4, 9));
    expect(windows.slice(2).map(({ vector }) => vector)).toEqual([undefined, undefined]);
  });

  it('tells speech by level where the bundle has no head for it, and counts everything where nothing tells', () => {
    const whole = madeUp({ tokens: 10, seed: 8 });
    const level = Float32Array.from({ length: 10 }, (_, t) => (t < 4 ? -14 : -2));
    const [window] = run([{ ...whole, level }], { minSpeechTokens: 1 });
    expect([...window.vector!]).toEqual(meanOf(whole, 4, 10));
    expect(run([whole], { minSpeechTokens: 1 })[0].counted).toBe(10);
  });

  it('gives the same windows of speech however the encoder hands the tokens over', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 9 }),
        (tokens, chunk) => {
          const whole = madeUp({ tokens, seed: tokens, speech: true, pauseEvery: 3 });
          const over = { minSpeechTokens: 2 };
          const plain = run([{ ...whole, availableSample: 0 }], over);
          const cut = run(onGrid(whole, { chunk, delay: Math.min(4, chunk - 1) }), over);
          expect(cut.map((window) => ({ ...window, decided: 0 }))).toEqual(plain);
        },
      ),
    );
  });

  it('refuses a gap and a number that is none', () => {
    const whole = madeUp({ tokens: 20, seed: 6 });
    expect(() => run([rows(whole, 4, 8, { availableSample: 0 })])).toThrow(/from token 0 on/);
    const broken = { ...whole, features: whole.features.map((v, i) => (i === 33 ? NaN : v)) };
    expect(() => run([broken])).toThrow(/NaN in features of token 8/);
  });
});
