import { describe, expect, it } from 'vitest';
import { uniform } from '../../../src/models/lm/uniform.ts';

/** Chi-square of counts against even ones. */
function chiSquare(counts: readonly number[]): number {
  const even = counts.reduce((a, b) => a + b, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - even) ** 2 / even, 0);
}

describe('uniform', () => {
  it('stays in [0, 1) and is a function of its arguments', () => {
    for (const seed of [0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      const value = uniform(seed, 3, 7);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThan(1);
      expect(uniform(seed, 3, 7)).toBe(value);
    }
  });

  it('tells seeds, hypotheses and places apart, the high half of a seed too', () => {
    const values = [
      uniform(1, 0, 0),
      uniform(0, 1, 0),
      uniform(0, 0, 1),
      uniform(0, 0, 0),
      uniform(2 ** 32, 0, 0),
      uniform(2 ** 52, 0, 0),
    ];
    expect(new Set(values).size).toBe(values.length);
  });

  // 63 degrees of freedom: 103 is exceeded once in a thousand; the draws are fixed, so this is a fact and no gamble.
  it.each([
    ['places', (i: number) => uniform(7, 0, i)],
    ['seeds', (i: number) => uniform(i, 0, 0)],
    ['hypotheses', (i: number) => uniform(7, i % 16, i >> 4)],
    ['low bits', (i: number) => (uniform(7, 0, i) * 2 ** 20) % 1],
  ])('is even over %s', (_, draw) => {
    const counts = Array.from({ length: 64 }, () => 0);
    for (let i = 0; i < 64_000; i++) counts[Math.floor(64 * draw(i))]++;
    expect(chiSquare(counts)).toBeLessThan(103);
  });

  it('gives neighbours in a seed no like values', () => {
    const counts = Array.from({ length: 64 }, () => 0);
    for (let i = 0; i < 64_000; i++) {
      counts[8 * Math.floor(8 * uniform(i, 0, 0)) + Math.floor(8 * uniform(i + 1, 0, 0))]++;
    }
    expect(chiSquare(counts)).toBeLessThan(103);
  });
});
