import { describe, expect, it } from 'vitest';
import { refusalOf, runRows } from '../../../src/models/encoder/runRows.ts';
import type { StepOutputs } from '../../../src/models/encoder/stepJob.ts';

const ENCODER = { featureWidth: 2, outputs: ['features', 'boundary'] } as const;
const ROWS = 3;

/** What a call over these rows gives: every number names its row. */
function given(places: readonly number[]): StepOutputs {
  const filled = (width: number): Float32Array =>
    Float32Array.from(
      places.flatMap((place) => Array.from({ length: ROWS * width }, () => place + 1)),
    );
  const failed = places.map(() => undefined);
  return { features: filled(2), boundary: filled(1), failed, runMs: 1, gatherMs: 2 };
}

/** Runs four rows; a call that has one of `broken` in it throws. */
function run(broken: readonly number[], calls: number[][] = []): Promise<StepOutputs> {
  return runRows(4, ROWS, ENCODER, async (places) => {
    calls.push([...places]);
    const bad = places.find((place) => broken.includes(place));
    if (bad !== undefined) throw new Error(`row ${bad} broke`);
    return given(places);
  });
}

describe('runRows', () => {
  it('hands the outputs of one call on as they are', async () => {
    const own = given([0, 1, 2, 3]);
    expect(await runRows(4, ROWS, ENCODER, async () => own)).toBe(own);
  });

  it('tries every row by itself when the call throws, and fails the broken one alone', async () => {
    const calls: number[][] = [];
    const { features, boundary, speech, failed, runMs } = await run([2], calls);
    expect(calls).toEqual([[0, 1, 2, 3], [0], [1], [2], [3]]);
    expect(failed).toEqual([undefined, undefined, 'row 2 broke', undefined]);
    expect([...boundary!]).toEqual([1, 1, 1, 2, 2, 2, 0, 0, 0, 4, 4, 4]);
    expect([...features]).toEqual([1, 2, 0, 4].flatMap((n) => Array(6).fill(n) as number[]));
    expect(speech).toBeUndefined();
    expect(runMs).toBe(3);
  });

  it('keeps the reasons of a call for the rows that it refused', async () => {
    const { failed } = await runRows(3, ROWS, ENCODER, async (places) => {
      if (places.length > 1) throw new Error('too many');
      return { ...given(places), failed: [places[0] === 1 ? 'no' : undefined] };
    });
    expect(failed).toEqual([undefined, 'no', undefined]);
  });

  it('fails all when all break, and does not try a single row twice', async () => {
    expect((await run([0, 1, 2, 3])).failed).toEqual([0, 1, 2, 3].map((n) => `row ${n} broke`));
    let calls = 0;
    const { failed } = await runRows(1, ROWS, ENCODER, async () => {
      calls++;
      throw new Error('broke');
    });
    expect([failed, calls]).toEqual([['broke'], 1]);
  });
});

describe('refusalOf', () => {
  it('looks at the one row', () => {
    const features = Float32Array.of(0, 1, NaN, 3, 4, Infinity);
    expect(refusalOf(features, 0, 2)).toBeUndefined();
    expect(refusalOf(features, 1, 2)).toMatch(/not finite/);
    expect(refusalOf(features, 2, 2)).toMatch(/not finite/);
  });
});
