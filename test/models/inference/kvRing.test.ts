import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createRing,
  gatherRing,
  scatterRing,
  writeAges,
  type RingShape,
} from '../../../src/models/inference/kvRing.ts';

/** Rows whose every value names its plane and token, so that a misplaced row shows. */
function rowsOfChunk(shape: RingShape, firstToken: number): Float32Array {
  const { layers, chunkTokens, rowWidth } = shape;
  const present = new Float32Array(2 * layers * chunkTokens * rowWidth);
  for (let plane = 0; plane < 2 * layers; plane++) {
    for (let i = 0; i < chunkTokens; i++) {
      const at = (plane * chunkTokens + i) * rowWidth;
      present.fill(plane * 10_000 + firstToken + i + 1, at, at + rowWidth);
    }
  }
  return present;
}

const shapes = fc.record({
  layers: fc.integer({ min: 1, max: 3 }),
  chunkTokens: fc.integer({ min: 1, max: 6 }),
  chunks: fc.integer({ min: 1, max: 5 }),
  rowWidth: fc.integer({ min: 1, max: 4 }),
  steps: fc.integer({ min: 0, max: 20 }),
});

describe('kvRing', () => {
  it('gives every step exactly the W tokens before it, each with its age, and absent rows age 0', () => {
    fc.assert(
      fc.property(shapes, ({ layers, chunkTokens, chunks, rowWidth, steps }) => {
        const shape = { layers, chunkTokens, windowTokens: chunks * chunkTokens, rowWidth };
        const ring = new Float32Array(createRing(shape));
        for (let step = 0; step < steps; step++) {
          scatterRing(ring, rowsOfChunk(shape, step * chunkTokens), shape, step * chunkTokens);
        }
        const first = steps * chunkTokens;
        const planes = Array.from(
          { length: 2 * layers },
          () => new Float32Array(shape.windowTokens * rowWidth),
        );
        gatherRing(ring, planes, shape, first);
        const ages = new Float32Array(shape.windowTokens);
        writeAges(ages, shape, first);
        const present = [...ages].filter((age) => age > 0).sort((a, b) => a - b);
        expect(present).toEqual(
          Array.from({ length: Math.min(first, shape.windowTokens) }, (_, i) => i + 1),
        );
        planes.forEach((plane, p) => {
          ages.forEach((age, row) => {
            if (age === 0) return;
            for (let k = 0; k < rowWidth; k++) {
              expect(plane[row * rowWidth + k]).toBe(p * 10_000 + (first - age) + 1);
            }
          });
        });
      }),
    );
  });

  it('keeps what a step reads when the step writes, so that it can be done again', () => {
    const shape = { layers: 1, chunkTokens: 2, windowTokens: 4, rowWidth: 1 };
    const ring = new Float32Array(createRing(shape));
    for (const first of [0, 2, 4, 6]) scatterRing(ring, rowsOfChunk(shape, first), shape, first);
    const read = () => {
      const planes = [new Float32Array(4), new Float32Array(4)];
      gatherRing(ring, planes, shape, 8);
      return planes.map((plane) => [...plane]);
    };
    const before = read();
    scatterRing(ring, rowsOfChunk(shape, 8), shape, 8);
    expect(read()).toEqual(before);
  });
});
