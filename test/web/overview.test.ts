import { describe, expect, it } from 'vitest';
import { clock } from '../../web/view/clock.ts';
import { barsOf } from '../../web/view/overview.ts';

describe('barsOf', () => {
  it('gives the loudest level under each bar, from the quietest to the loudest', () => {
    const levels = [10, 20, 110, 60, 10, 35];
    expect(barsOf(levels, 6 * 1600, 3)).toEqual([0.1, 1, 0.25]);
    expect(barsOf(levels, 6 * 1600, 6)).toEqual([0, 0.1, 1, 0.5, 0, 0.25]);
  });

  it('repeats levels where there are more bars, and has none to show before anything was heard', () => {
    expect(barsOf([10, 110], 2 * 1600, 4)).toEqual([0, 0, 1, 1]);
    expect(barsOf([], 100, 2)).toEqual([0, 0]);
    expect(barsOf([40, 40], 2 * 1600, 2)).toEqual([0, 0]);
  });
});

describe('clock', () => {
  it('writes seconds as minutes and seconds, rounded as a whole', () => {
    expect([0, 59.4, 59.6, 65, 3600].map((seconds) => clock(seconds))).toEqual([
      '0:00',
      '0:59',
      '1:00',
      '1:05',
      '60:00',
    ]);
    expect(clock(59.97, true)).toBe('1:00.0');
    expect(clock(0.2, true)).toBe('0:00.2');
  });
});
