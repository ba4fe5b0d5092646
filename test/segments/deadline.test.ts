import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDeadline, MAX_UNDECIDED_TOKENS } from '../../src/segments/deadline.ts';
import { boundarySample } from '../../src/core/time.ts';

test('asks for exactly the nodes that would be too late with the next block', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2000 }),
      fc.integer({ min: 1, max: 32 }),
      fc.integer({ min: -400, max: 400 }),
      fc.integer({ min: 0, max: 1_000_000 }),
      (maxDelayMs, chunkTokens, shiftSamples, available) => {
        const deadline = createDeadline({ maxDelayMs, chunkTokens, shiftSamples });
        const next = available + 320 * chunkTokens;
        const late = deadline(available, 0, 1_000);
        const slack = (node: number): number =>
          boundarySample(node, shiftSamples) + 16 * maxDelayMs;
        if (late < 1_000) expect(slack(late + 1)).toBeGreaterThanOrEqual(late < 0 ? 0 : next);
        if (late > 0) expect(slack(late)).toBeLessThan(next);
      },
    ),
  );
});

test('never asks for a node that is not known', () => {
  expect(createDeadline({ maxDelayMs: 0, chunkTokens: 8, shiftSamples: 0 })(90_000, 3, 7)).toBe(7);
});

test('has no deadline at Infinity until 30 s are undecided, then asks for the older half', () => {
  const deadline = createDeadline({ maxDelayMs: Infinity, chunkTokens: 8, shiftSamples: 0 });
  expect(deadline(1e9, 10, 10 + MAX_UNDECIDED_TOKENS)).toBe(-Infinity);
  expect(deadline(1e9, 10, 11 + MAX_UNDECIDED_TOKENS)).toBe(11 + MAX_UNDECIDED_TOKENS / 2);
});
