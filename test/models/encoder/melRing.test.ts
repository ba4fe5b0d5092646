import { describe, expect, it } from 'vitest';
import { melRowLength } from '../../../src/models/encoder/melRow.ts';
import type { EncoderConfig } from '../../../src/models/bundle/bundle.ts';
import { ringBytes, scatterRing } from '../../../src/models/inference/kvRing.ts';
import { melRingShape, readMel } from '../../../src/models/encoder/melRing.ts';

/** An encoder of these numbers, as far as a ring asks for them. */
function encoder(chunkTokens: number, windowTokens: number, stemFrames: number): EncoderConfig {
  return { layers: 3, chunkTokens, windowTokens, stemFrames } as EncoderConfig;
}

describe('melRing', () => {
  it.each([
    [8, 16, 2],
    [8, 16, 5],
    [4, 10, 7],
    [1, 3, 4],
  ])('keeps the field of chunks of %i, windows of %i, stems of %i frames', (c, w, stem) => {
    const config = encoder(c, w, stem);
    const shape = melRingShape(config);
    const ring = new Float32Array(ringBytes(shape) / 4);
    const chunks = shape.windowTokens / c;
    const melOf = (n: number) =>
      new Float32Array(melRowLength({ wave: false, framesBefore: stem - 2 }, c))
        .fill(1)
        .map((v, i) => v + i + 1e5 * n);
    const last = 2 * chunks + 3;
    for (let n = 0; n <= last; n++) scatterRing(ring, melOf(n), shape, n * c);
    expect(shape.windowTokens).toBeGreaterThanOrEqual(3 * w);
    // Those before the last one, which may be done again, are there whole.
    for (let n = last - chunks; n <= last; n++)
      expect(
        readMel(ring, shape, n * c, { wave: false, framesBefore: stem - 2 }),
        `chunk ${n}`,
      ).toEqual(melOf(n));
  });
});
