import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLevelGate, isPause } from '../../src/segments/pauses.ts';
import { meanOfInnerTokens } from '../../src/segments/pooling.ts';
import { createTokenRing } from '../../src/segments/tokenRing.ts';

/** A ring over tokens [first, end) whose every number tells its token. */
function ringOf(first: number, end: number, width = 2): ReturnType<typeof createTokenRing> {
  const ring = createTokenRing(width);
  ring.restart(first);
  for (let t = first; t < end; t++) {
    const row = { logit: t, speech: -t, w: t + 0.25, lambda: t + 0.5, even: t + 0.75 };
    ring.push(
      row,
      Float32Array.from({ length: width }, (_, d) => t + 1000 * d),
      0,
    );
  }
  return ring;
}

describe('createTokenRing', () => {
  test('keeps what was pushed and not dropped, however it grows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1000 }),
        fc.integer({ min: 1, max: 700 }),
        fc.integer({ min: 0, max: 300 }),
        (first, count, dropped) => {
          const ring = ringOf(first, first + count);
          ring.dropBefore(first + dropped);
          expect(ring.end).toBe(first + count);
          expect(ring.first).toBe(first + Math.min(dropped, count));
          for (let t = ring.first; t < ring.end; t++) {
            expect(ring.row(t)).toEqual({
              logit: t,
              speech: -t,
              w: t + 0.25,
              lambda: t + 0.5,
              even: t + 0.75,
            });
            expect(ring.features[ring.offset(t) + 1]).toBe(t + 1000);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test('does not grow while what it keeps fits', () => {
    const ring = createTokenRing(1);
    for (let t = 0; t < 100_000; t++) {
      ring.push({ logit: 0, speech: 0, w: 1, lambda: 0, even: 0 }, Float32Array.of(t), 0);
      ring.dropBefore(t - 100);
    }
    expect(ring.capacity).toBe(128);
    expect(ring.features[ring.offset(99_950)]).toBe(99_950);
  });

  test('forgets from a token on, and takes new weights', () => {
    const ring = ringOf(10, 20);
    ring.dropFrom(15);
    expect([ring.first, ring.end]).toEqual([10, 15]);
    ring.setWeights(12, { w: 7, lambda: 8, even: 9 });
    expect(ring.row(12)).toEqual({ logit: 12, speech: -12, w: 7, lambda: 8, even: 9 });
    ring.dropFrom(3);
    expect([ring.first, ring.end]).toEqual([10, 10]);
  });
});

describe('meanOfInnerTokens', () => {
  const mean = (start: number, end: number, trimTokens: number): number[] =>
    Array.from(meanOfInnerTokens(ringOf(0, 40), { start, end }, { width: 2, trimTokens }));

  test('drops tokens on both sides where one is left, else takes all', () => {
    expect(mean(10, 13, 1)).toEqual([11, 1011]);
    expect(mean(10, 14, 1)).toEqual([11.5, 1011.5]);
    expect(mean(10, 12, 1)).toEqual([10.5, 1010.5]);
    expect(mean(10, 11, 1)).toEqual([10, 1010]);
    expect(mean(10, 16, 0)).toEqual([12.5, 1012.5]);
    expect(mean(10, 14, 2)).toEqual([11.5, 1011.5]);
    expect(mean(10, 15, 2)).toEqual([12, 1012]);
  });
});

describe('isPause and createLevelGate', () => {
  test('a pause is a mean below 0', () => {
    const ring = createTokenRing(1);
    for (const speech of [-3, 1, 1, 1, NaN]) {
      ring.push({ logit: 0, speech, w: 1, lambda: 0, even: 0 }, Float32Array.of(0), 0);
    }
    expect(isPause(ring, 0, 3)).toBe(true);
    expect(isPause(ring, 0, 4)).toBe(false);
    expect(isPause(ring, 1, 4)).toBe(false);
    expect(isPause(ring, 0, 5)).toBe(false);
  });

  test('the gate hears speech 10 dB over the floor, wherever the floor is', () => {
    for (const room of [-15, -9, -6]) {
      const gate = createLevelGate();
      for (let t = 0; t < 500; t++) gate.next(room);
      expect(gate.peek(room + 2)).toBeLessThan(0);
      expect(gate.peek(room + 3)).toBeGreaterThan(0);
    }
  });

  test('the floor falls at once and climbs 3 dB a second, and peeking leaves it', () => {
    const gate = createLevelGate();
    gate.next(-14);
    for (let t = 0; t < 50; t++) gate.next(-4);
    for (let t = 0; t < 1000; t++) gate.peek(-30);
    const climbed = 0.3 * Math.log(10);
    expect(gate.next(-4)).toBeCloseTo(10 - climbed - (1.02 - 1) * climbed - Math.log(10), 6);
  });
});
