import { expect, test } from 'vitest';
import { meanOfInnerTokens } from '../../src/segments/pooling.ts';
import { createTokenRing } from '../../src/segments/tokenRing.ts';
import { seeded } from '../helpers/cuts.ts';
import { plainMeanOfInnerTokens } from '../helpers/reference/pooling.ts';

test('a segment that trimming would empty is taken whole', () => {
  const ring = createTokenRing(1);
  const row = { logit: 0, speech: 0, w: 1, lambda: 0, even: 0 };
  for (const value of [1, 2, 4, 8, 16]) ring.push(row, Float32Array.of(value), 0);
  const meanOf = (length: number): number[] => [
    ...meanOfInnerTokens(ring, { start: 0, end: length }, { width: 1, trimTokens: 2 }),
  ];
  expect([3, 4, 5].map(meanOf)).toEqual([[Math.fround(7 / 3)], [15 / 4], [4]]);
});

test('meanOfInnerTokens gives the bits of its plain form for any length and trim, wherever it lies in the ring', () => {
  const random = seeded(5);
  const width = 9;
  const ring = createTokenRing(width);
  const row = { logit: 0, speech: 0, w: 1, lambda: 0, even: 0 };
  for (let start = 0; start < 200; start++) {
    const features = Float32Array.from({ length: width }, () => 100 * (random() - 0.5));
    ring.push(row, features, 0);
    ring.dropBefore(start - 60);
    for (const length of [1, 2, 3, 4, 50]) {
      const range = { start: Math.max(ring.first, start + 1 - length), end: start + 1 };
      for (const trimTokens of [0, 1, 2]) {
        const options = { width, trimTokens };
        expect(meanOfInnerTokens(ring, range, options)).toEqual(
          plainMeanOfInnerTokens(ring, range, options),
        );
      }
    }
  }
});
