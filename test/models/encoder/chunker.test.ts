import { expect, test } from 'vitest';
import { createChunker } from '../../../src/models/encoder/chunker.ts';
import { seeded } from '../../helpers/cuts.ts';
import { createPlainChunker } from '../../helpers/reference/chunker.ts';

test('createChunker gives the bits of its plain form for any grouping of frames', () => {
  const random = seeded(6);
  const options = { chunkTokens: 8, mean: -7.945, std: 4.289 };
  const [now, before] = [createChunker(options), createPlainChunker(options)];
  let chunks = 0;
  for (const frames of [1, 2, 13, 16, 15, 17, 50, 3, 100, 0, 5]) {
    const mel = Float32Array.from({ length: frames * 128 }, () => -16 * random());
    const block = { firstFrame: 0, frames, mel };
    const found = now.push(block);
    expect(found).toEqual(before.push(block));
    expect(now.rest()).toEqual(before.rest());
    chunks += found.length;
  }
  expect(chunks).toBe(Math.floor(222 / 16));
});
