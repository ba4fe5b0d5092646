import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCodebook, type CodebookTensors } from '../../../src/models/codebook/codebook.ts';
import { roundCentroids } from '../../../src/models/codebook/roundedCentroids.ts';
import { parseSafetensors } from '../../../src/models/bundle/safetensors.ts';
import { seeded } from '../../helpers/cuts.ts';
import { createPlainCodebook } from '../../helpers/reference/codebook.ts';
import { createProjectionByDefinition } from '../../helpers/reference/projection.ts';

const root = resolve(import.meta.dirname, '../../..');

/** Expects both to name the vectors alike, bit for bit. */
function expectSameBits(tensors: CodebookTensors, vectors: readonly Float32Array[]): void {
  const found = createCodebook(tensors);
  const plain = createPlainCodebook(tensors, createProjectionByDefinition);
  expect(vectors.map((vector) => found.assign(vector))).toEqual(
    vectors.map((vector) => plain.assign(vector)),
  );
}

async function tensorsOf(path: string): Promise<(name: string) => Float32Array> {
  const tensors = parseSafetensors(await readFile(join(root, path)), path);
  return (name) => tensors.get(name)!.data as Float32Array;
}

describe('naming in WebAssembly', () => {
  test('gives the bits of the definition for codebooks and projections of any size', () => {
    const sizes = fc.record({
      seed: fc.integer({ min: 1, max: 1e6 }),
      K: fc.integer({ min: 1, max: 70 }),
      D: fc.integer({ min: 1, max: 70 }),
      H: fc.integer({ min: 1, max: 40 }),
      P: fc.integer({ min: 1, max: 70 }),
      hasProjection: fc.boolean(),
      // How near centroids lie to each other, and how large all is.
      spread: fc.constantFrom(0, 1e-7, 1e-3, 1),
      size: fc.constantFrom(1e-30, 1e-12, 1e-3, 1, 1e4, 1e12, 1e25),
    });
    fc.assert(
      fc.property(sizes, ({ seed, K, D, H, P, hasProjection, spread, size }) => {
        const random = seeded(seed);
        const value = () => random() * 2 - 1;
        const draw = (n: number, of: () => number) => Float32Array.from({ length: n }, of);
        const layer = (rows: number, inputs: number) => ({
          weight: draw(rows * inputs, value),
          bias: draw(rows, value),
        });
        const width = hasProjection ? P : D;
        const middle = draw(width, value);
        expectSameBits(
          {
            centroids: draw(K * width, () => 0).map(
              (_, i) => size * (middle[i % width] + spread * value()),
            ),
            units: Int32Array.from({ length: K }, () => 1 + Math.floor(random() * 9)),
            featureWidth: D,
            ...(hasProjection && { projection: { hidden: layer(H, D), out: layer(P, H) } }),
          },
          Array.from({ length: 4 }, () => draw(D, () => 5 * value())),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('gives the bits of the definition for the segments of a person with the bundle that ships', async () => {
    const codebook = await tensorsOf('models/small/codebook.safetensors');
    const features = (await tensorsOf('models/small/golden/tensors.safetensors'))('features');
    const layer = (name: string) => ({
      weight: codebook(`projection.${name}.weight`),
      bias: codebook(`projection.${name}.bias`),
    });
    const D = 256;
    const tokens = features.length / D;
    const means: Float32Array[] = [];
    for (const length of [1, 3, 5, 12]) {
      for (let start = 0; start + length <= tokens; start += length) {
        const mean = new Float32Array(D);
        for (let i = 0; i < length * D; i++) mean[i % D] += features[start * D + i] / length;
        means.push(mean);
      }
    }
    const tensors = {
      centroids: codebook('centroids'),
      units: codebook('units') as unknown as Int32Array,
      featureWidth: D,
      projection: { hidden: layer('0'), out: layer('2') },
    };
    expectSameBits(tensors, means);
    // With a projection in float64 no unit is another one.
    const found = createCodebook(tensors);
    const plain = createPlainCodebook(tensors);
    expect(means.map((mean) => found.assign(mean).id)).toEqual(
      means.map((mean) => plain.assign(mean).id),
    );
    expect(means.length).toBeGreaterThan(200);
  });

  test('gives the bits of the definition for what is not finite or vanishes', () => {
    const random = seeded(8);
    const draw = (n: number) => Float32Array.from({ length: n }, () => random() - 0.5);
    expectSameBits(
      {
        centroids: draw(33 * 6),
        units: Int32Array.from({ length: 33 }, (_, k) => 1 + (k % 7)),
        featureWidth: 6,
      },
      [
        new Float32Array(6),
        new Float32Array(6).fill(NaN),
        Float32Array.of(1, 2, 3, NaN, 5, 6),
        Float32Array.of(1, 2, 3, Infinity, 5, 6),
        Float32Array.of(3e38, -3e38, 3e38, 1, 1, 1),
        Float32Array.of(1e-40, 0, 0, 0, 0, 0),
      ],
    );
  });

  test('measures a centroid whose square single precision cannot hold', () => {
    expectSameBits(
      {
        centroids: Float32Array.of(3e38, 3e38, 1, -1, -3e38, 1, 1e20, -1e20),
        units: Int32Array.of(1, 2, 3, 4),
        featureWidth: 2,
      },
      [Float32Array.of(1, 2), Float32Array.of(2, 1)],
    );
  });

  test('bounds every distance from below by whole numbers', () => {
    const random = seeded(3);
    for (const width of [1, 7, 128, 1500]) {
      const centroids = Float32Array.from({ length: 20 * width }, () => random() - 0.3);
      const { blocks, norms, steps, slacks, levels } = roundCentroids(centroids, 20);
      const x = Float64Array.from({ length: width }, () => random() - 0.5);
      const unit = x.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / levels;
      const pairs = Math.ceil(width / 2);
      for (let k = 0; k < 20; k++) {
        let product = 0;
        let size = 0;
        let distance = 0;
        let square = 0;
        for (let i = 0; i < width; i++) {
          const p = Math.round(x[i] / unit);
          const q = blocks[((k >> 4) * pairs + (i >> 1)) * 32 + (k % 16) * 2 + (i & 1)];
          product += p * q;
          size += Math.abs(p * q);
          square += x[i] ** 2;
          distance += (x[i] - centroids[k * width + i]) ** 2;
        }
        expect(size).toBeLessThan(2 ** 31);
        const bound = norms[k] - unit * steps[k] * product - 2 * Math.sqrt(square) * slacks[k];
        expect(bound).toBeLessThan(distance - square);
        // … and closely: else all would be measured
        expect(distance - square - bound).toBeLessThan(0.3 * (square + norms[k]));
      }
    }
  });
});
