import { describe, expect, it } from 'vitest';
import { createCachedEncoder } from '../../../src/models/encoder/cachedEncoder.ts';
import { readBundle } from '../../../src/models/bundle/manifest.ts';
import { createKeptMemories } from '../../../src/models/inference/keptMemories.ts';
import { createMemoryPool } from '../../../src/models/inference/memoryPool.ts';
import { MEL_BINS } from '../../../src/core/time.ts';
import { TINY } from '../../helpers/bundles.ts';
import { seeded } from '../../helpers/cuts.ts';

describe('createMemoryPool', () => {
  it('gives a memory that came back to the next stream, as zeros', () => {
    const pool = createMemoryPool();
    const first = pool.take(64);
    new Uint8Array(first.memory).fill(7);
    expect([pool.usedBytes, pool.spareBytes]).toEqual([64, 0]);
    first.release();
    first.release();
    expect([pool.usedBytes, pool.spareBytes]).toEqual([0, 64]);
    expect(pool.take(32).memory).not.toBe(first.memory);
    const next = pool.take(64);
    expect(next.memory).toBe(first.memory);
    expect([...new Uint8Array(next.memory)]).toEqual(Array(64).fill(0));
    expect(pool.take(64).memory).not.toBe(first.memory);
  });

  it('waits for the work that may still write to a memory, and for all of it', async () => {
    const pool = createMemoryPool();
    const kept = pool.take(8);
    const ends: ((fails: boolean) => void)[] = [];
    const works = [0, 1].map(() =>
      kept.during(
        new Promise<void>((resolve, reject) =>
          ends.push((fails) => (fails ? reject(new Error('lost')) : resolve())),
        ),
      ),
    );
    kept.release();
    expect(pool.spareBytes).toBe(0);
    ends[0](false);
    await works[0];
    expect(pool.spareBytes).toBe(0);
    ends[1](true);
    await expect(works[1]).rejects.toThrow('lost');
    expect(pool.spareBytes).toBe(8);
  });

  it('keeps no more spare memory than its bound', () => {
    const pool = createMemoryPool(100);
    const all = [40, 40, 40].map((bytes) => pool.take(bytes));
    for (const one of all) one.release();
    expect([pool.usedBytes, pool.spareBytes]).toEqual([0, 80]);
  });
});

describe('createKeptMemories', () => {
  it('copies what is shared into an array that was used before', () => {
    const kept = createKeptMemories();
    const memoryOf = (value: number): SharedArrayBuffer => {
      const memory = new SharedArrayBuffer(16);
      new Float32Array(memory).fill(value);
      return memory;
    };
    kept.open(1, memoryOf(1));
    const { own } = kept.get(1)!;
    kept.forget(1);
    kept.forget(1);
    expect(kept.has(1)).toBe(false);
    kept.open(2, memoryOf(2));
    expect(kept.get(2)!.own).toBe(own);
    expect([...own]).toEqual([2, 2, 2, 2]);
    kept.open(3, memoryOf(3));
    expect(kept.get(3)!.own).not.toBe(own);
  });
});

describe('the encoder with memories that were used before', () => {
  it('gives a stream the same bits as the first, whatever was there and was left in mid-step', async () => {
    const bundle = await readBundle(TINY);
    const encoder = await createCachedEncoder(bundle, { workers: 1, precision: 'fp32' });
    const { chunkTokens } = encoder.shape;
    const chunks = (seed: number): Float32Array[] => {
      const random = seeded(seed);
      return Array.from({ length: 6 }, () =>
        Float32Array.from({ length: 2 * chunkTokens * MEL_BINS }, () => random() - 0.5),
      );
    };
    const features = async (seed: number): Promise<number[]> => {
      const session = encoder.open();
      const all: number[] = [];
      for (const chunk of chunks(seed)) all.push(...(await session.step(chunk)).features);
      session.release();
      return all;
    };
    const first = await features(1);
    for (let round = 0; round < 8; round++) {
      const left = encoder.open();
      const [begun] = chunks(2 + round);
      const step = left.step(begun).catch(() => undefined); // dropped when it did not run yet
      if (round % 2 === 0) await step;
      left.release();
      expect(await features(1)).toEqual(first);
    }
    await encoder.close();
  });
});
