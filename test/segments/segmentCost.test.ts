import { describe, expect, test } from 'vitest';
import { createSegmentCost } from '../../src/segments/segmentCost.ts';
import { createTokenRing } from '../../src/segments/tokenRing.ts';
import { costByDefinition } from '../helpers/bruteForce.ts';
import { madeUp } from '../helpers/features.ts';

const row = { logit: 0, speech: 0, w: 1, lambda: 0, even: 0 };

/** Largest difference from the definition over the last `checked` tokens, and the size of the costs there. */
function worst(features: Float32Array, width: number, maxTokens: number, checked: number) {
  const n = features.length / width;
  const ring = createTokenRing(width);
  const cost = createSegmentCost(ring, width, maxTokens);
  const problem = { features, width, minTokens: 1, maxTokens, w: () => 1, price: () => 0 };
  let error = 0;
  let size = 0;
  for (let t = 0; t < n; t++) {
    ring.push(row, features, t * width);
    cost.add();
    ring.dropBefore(t - maxTokens);
    if (t < n - checked) continue;
    for (let start = Math.max(0, t + 1 - maxTokens); start <= t; start++) {
      const truth = costByDefinition(problem, start, t + 1);
      error = Math.max(error, Math.abs(cost.untilNow(start) - truth));
      size = Math.max(size, truth);
    }
  }
  return { error, size };
}

describe('createSegmentCost', () => {
  test('equals the definition at every token of a short stream', () => {
    const { features } = madeUp({ tokens: 300, width: 3, seed: 1 });
    expect(worst(features, 3, 50, 300).error).toBeLessThan(1e-11); // float64 sums of 50 numbers of unit size
  });

  test('stays exact on a long stream far from zero, where plain prefix sums lose everything', () => {
    const { features } = madeUp({ tokens: 100_000, width: 2, seed: 2, offset: 4096, noise: 1 });
    features.fill(0, 0, 2000); // so that the first token says nothing about the rest
    const { error, size } = worst(features, 2, 50, 200);
    expect(size).toBeGreaterThan(10);
    expect(error).toBeLessThan(1e-10);
    let plain = 0; // Σ x² from the start: its last digit alone is worth 10⁻⁴
    for (const x of features) plain += x * x;
    expect(plain * Number.EPSILON).toBeGreaterThan(1e-4);
  });

  test('is 0 for one token and for equal tokens, never below', () => {
    const ring = createTokenRing(2);
    const cost = createSegmentCost(ring, 2, 10);
    for (let t = 0; t < 10; t++) {
      ring.push(row, Float32Array.of(0.1, 1e6), 0);
      cost.add();
      for (let start = 0; start <= t; start++) expect(cost.untilNow(start)).toBe(0);
    }
  });
});
