import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSegmentSearch } from '../../src/segments/segmentSearch.ts';
import { searchWhole } from '../../src/segments/segmentOffline.ts';
import { createTokenRing } from '../../src/segments/tokenRing.ts';
import { everySegmentation, type Problem } from '../helpers/bruteForce.ts';
import { madeUp } from '../helpers/features.ts';

/** Runs the online search over everything and closes it at the end: the cuts from 0 to n. */
function searchOnline(problem: Problem, prune = true): number[] {
  const { features, width, minTokens, maxTokens, w, even = () => 0, price } = problem;
  const n = features.length / width;
  const ring = createTokenRing(width);
  const search = createSegmentSearch(ring, { width, minTokens, maxTokens, prune });
  for (let t = 0; t < n; t++) {
    const row = { logit: 0, speech: 0, w: w(t), lambda: price(t), even: even(t) };
    ring.push(row, features, t * width);
    search.step();
  }
  const last = search.bestClosed();
  return last === undefined ? [0, n] : [0, ...search.path(last), n];
}

/** Short problems whose numbers are small integers, so that ties are common, or fractions, so that they are not. */
function anyProblem(most: number): fc.Arbitrary<Problem> {
  const number = fc.oneof(
    fc.integer({ min: -2, max: 2 }),
    fc.double({ min: -3, max: 3, noNaN: true }).map(Math.fround),
  );
  return fc
    .record({
      width: fc.integer({ min: 1, max: 3 }),
      tokens: fc.integer({ min: 3, max: most }),
      minTokens: fc.integer({ min: 1, max: 3 }),
      spare: fc.integer({ min: 0, max: 6 }),
      values: fc.array(number, { minLength: 3 * most, maxLength: 3 * most }),
      prices: fc.array(number, { minLength: most, maxLength: most }),
      weights: fc.array(fc.constantFrom(0.5, 1, 1, 1, 2), { minLength: most, maxLength: most }),
      evens: fc.array(fc.constantFrom(0, 0.125, 0.3), { minLength: most, maxLength: most }),
      evenly: fc.constantFrom('no', 'all', 'mixed'),
      oneWeight: fc.boolean(),
      logits: fc.boolean(),
    })
    .map(
      ({
        width,
        tokens,
        minTokens,
        spare,
        values,
        prices,
        weights,
        oneWeight,
        logits,
        evens,
        evenly,
      }) => ({
        features: Float32Array.from(values.slice(0, tokens * width)),
        width,
        minTokens,
        maxTokens: 2 * minTokens - 1 + spare,
        even: (t: number) => (evenly === 'no' ? 0 : evens[evenly === 'all' ? 0 : t]),
        w: (t: number) => (oneWeight ? 1 : weights[t]),
        price: (t: number) => (logits ? prices[t] : prices[0]),
      }),
    );
}

describe('createSegmentSearch', () => {
  test('finds a segmentation that no other one beats: with and without logits, ties, negative λ, mixed weights, squared lengths', () => {
    fc.assert(
      fc.property(anyProblem(14), (problem) => {
        const all = everySegmentation(problem);
        const least = Math.min(...all.map(({ cost }) => cost));
        const cuts = searchOnline(problem);
        const mine = all.find((one) => one.cuts.join() === cuts.join());
        expect(mine, `${cuts.join()} is not allowed`).toBeDefined();
        expect(mine!.cost - least).toBeLessThan(1e-8);
      }),
      { numRuns: 600 },
    );
  });

  test('gives the very cuts of the full backtrace without pruning and of itself without pruning', () => {
    fc.assert(
      fc.property(anyProblem(90), (problem) => {
        const whole = searchWhole(problem);
        expect(searchOnline(problem)).toEqual(whole);
        expect(searchOnline(problem, false)).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  test('gives ties to the earlier start', () => {
    const flat = { width: 1, minTokens: 3, maxTokens: 5, w: () => 1, price: () => 0 };
    // every segmentation of a constant costs 0: from the end, each segment is as long as it may be
    expect(searchOnline({ ...flat, features: new Float32Array(12) })).toEqual([0, 3, 7, 12]);
  });

  test('draws segments towards one length by their squares', () => {
    const { features } = madeUp({ tokens: 2000, seed: 6 });
    const sizes = { features, width: 4, minTokens: 3, maxTokens: 50, w: () => 1 };
    const spread = (cuts: number[]): number => {
      const lengths = cuts.slice(1).map((cut, i) => cut - cuts[i]);
      const mean = 2000 / lengths.length;
      return Math.hypot(...lengths.map((length) => length - mean)) / (mean * lengths.length ** 0.5);
    };
    const plain = spread(searchOnline({ ...sizes, price: () => 3 }));
    const even = spread(searchOnline({ ...sizes, price: () => 100, even: () => 0.9 }));
    expect(plain).toBeGreaterThan(0.3);
    expect(even).toBeLessThan(0.5 * plain);
  });

  test('shares an ancestor that every longer stretch keeps', () => {
    const { features } = madeUp({ tokens: 400, seed: 5 });
    const problem = { width: 4, minTokens: 3, maxTokens: 50, w: () => 1, price: () => 3 };
    const ring = createTokenRing(4);
    const search = createSegmentSearch(ring, problem);
    for (let t = 0; t < 400; t++) {
      ring.push({ logit: 0, speech: 0, w: 1, lambda: 3, even: 0 }, features, 4 * t);
      search.step();
      if (t % 16 !== 15) continue;
      const certain = [0, ...search.path(search.ancestor())];
      for (const longer of [t + 4, t + 20, 400]) {
        const cuts = searchWhole({ ...problem, features: features.slice(0, 4 * longer) });
        expect(cuts.slice(0, certain.length)).toEqual(certain);
      }
    }
    expect(search.path(search.ancestor()).length).toBeGreaterThan(20);
  });

  test('adds exactly however much a path has cost', () => {
    const { features } = madeUp({ tokens: 23_000, seed: 8, noise: 0.9 });
    const sizes = { features, width: 4, minTokens: 3, maxTokens: 50, price: () => 2.5 };
    // 10^15 by token 3000: without a common amount taken off, the last digit of what follows would be worth 0.1
    const cuts = searchOnline({ ...sizes, w: (t) => (t < 3000 ? 1e12 : 1) });
    const from = cuts.find((cut) => cut > 3000)!;
    const rest = searchWhole({ ...sizes, features: features.slice(4 * from), w: () => 1 });
    expect(cuts.filter((cut) => cut >= from)).toEqual(rest.map((cut) => cut + from));
  });

  test('does the same work per token after an hour as at the start', () => {
    const tokens = 180_000;
    const { features } = madeUp({ tokens, seed: 2, noise: 0.9 });
    const ring = createTokenRing(4);
    const search = createSegmentSearch(ring, { width: 4, minTokens: 3, maxTokens: 50 });
    const perMinute: number[] = [];
    let most = 0;
    for (let t = 0; t < tokens; t++) {
      ring.push({ logit: 0, speech: 0, w: 1, lambda: 3, even: 0 }, features, 4 * t);
      search.step();
      if (t % 8 === 7) search.commit(search.ancestor());
      ring.dropBefore(search.root);
      if (t % 3000 === 0) perMinute.push(0);
      perMinute[perMinute.length - 1] += search.live / 3000;
      most = Math.max(most, search.live);
    }
    expect(most).toBeLessThanOrEqual(51);
    expect(Math.max(...perMinute)).toBeLessThan(1.25 * Math.min(...perMinute));
    expect(ring.capacity).toBe(128);
  });
});
