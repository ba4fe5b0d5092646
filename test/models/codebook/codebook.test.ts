import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCodebook, type Calibration } from '../../../src/models/codebook/codebook.ts';
import { seeded } from '../../helpers/cuts.ts';
import { createProjection } from '../../helpers/reference/projection.ts';

/** docs/bundle.md word for word, slowly. */
function byDefinition(
  vector: Float32Array,
  centroids: Float32Array,
  units: Int32Array,
): { id: number; confidence: number } {
  const width = vector.length;
  const mean = vector.reduce((a, b) => a + b, 0) / width;
  const deviation = Math.sqrt(vector.reduce((a, b) => a + (b - mean) ** 2, 0) / width);
  const standard = Array.from(vector, (x) => (x - mean) / (deviation + 1e-5));
  const distances = Array.from(units, (_, k) =>
    Math.hypot(...standard.map((x, d) => x - centroids[k * width + d])),
  );
  const first = Math.min(...distances);
  const id = units[distances.indexOf(first)];
  const second = Math.min(...distances.filter((_, k) => units[k] !== id));
  return { id, confidence: first === second ? 0 : 1 - first / second };
}

/** The calibrated confidence in unit `id`, word for word. */
function calibrated(
  vector: Float32Array,
  centroids: Float32Array,
  units: Int32Array,
  id: number,
  { slope, intercept }: Calibration,
): number {
  const width = vector.length;
  const mean = vector.reduce((a, b) => a + b, 0) / width;
  const deviation = Math.sqrt(vector.reduce((a, b) => a + (b - mean) ** 2, 0) / width);
  const standard = Array.from(vector, (x) => (x - mean) / (deviation + 1e-5));
  const squares = Array.from(units, (_, k) =>
    standard.reduce((sum, x, d) => sum + (x - centroids[k * width + d]) ** 2, 0),
  );
  const least = Math.min(...squares);
  const weights = squares.map((d) => (d <= least + 20 ? Math.exp(least - d) : 0));
  const sum = (of: readonly number[]) => of.reduce((a, b) => a + b, 0);
  const share = sum(weights.filter((_, k) => units[k] === id)) / sum(weights);
  const p = Math.min(1 - 1e-6, Math.max(1e-6, share));
  return 1 / (1 + Math.exp(-(slope * Math.log(p / (1 - p)) + intercept)));
}

describe('createCodebook', () => {
  test('with a calibration, says the probability that the definition says', () => {
    const sizes = fc.record({
      seed: fc.integer({ min: 1, max: 1e6 }),
      K: fc.integer({ min: 1, max: 70 }),
      D: fc.integer({ min: 2, max: 70 }),
      spread: fc.constantFrom(0.01, 0.3, 1, 4), // near each other, and further than a share reaches
      slope: fc.constantFrom(0.3, 1, 2),
      intercept: fc.constantFrom(-1, 0, 0.7),
    });
    fc.assert(
      fc.property(sizes, ({ seed, K, D, spread, slope, intercept }) => {
        const random = seeded(seed);
        const draw = (n: number, of: number) =>
          Float32Array.from({ length: n }, () => of * (random() * 2 - 1));
        const centroids = draw(K * D, spread);
        const units = Int32Array.from({ length: K }, () => 1 + Math.floor(random() * 6));
        const confidence = { slope, intercept };
        const codebook = createCodebook({ centroids, units, featureWidth: D, confidence });
        const vector = draw(D, 1);
        const plain = createCodebook({ centroids, units, featureWidth: D }).assign(vector);
        const found = codebook.assign(vector);
        expect([found.id, found.fine]).toEqual([plain.id, plain.fine]);
        expect(found.confidence).toBeCloseTo(
          calibrated(vector, centroids, units, found.id, confidence),
          6,
        );
      }),
      { numRuns: 300 },
    );
  });

  test('a share of all or of nothing stays a probability', () => {
    const far = { units: Int32Array.of(1, 2), featureWidth: 2 };
    const sure = createCodebook({
      ...far,
      centroids: Float32Array.of(1, -1, 90, 90),
      confidence: { slope: 1, intercept: 0 },
    }).assign(Float32Array.of(1, -1));
    expect(sure.id).toBe(1);
    expect(sure.confidence).toBeCloseTo(1 - 1e-6, 12);
    const even = createCodebook({
      ...far,
      centroids: Float32Array.of(0, 2, 2, 0), // as far on either side of the diagonal as can be
      confidence: { slope: 3, intercept: 0 },
    }).assign(Float32Array.of(1, 1));
    expect(even.confidence).toBeCloseTo(0.5, 6);
  });

  test('assigns what the definition says, for any centroids and units', () => {
    const number = fc.double({ min: -3, max: 3, noNaN: true }).map(Math.fround);
    const codebooks = fc
      .record({ K: fc.integer({ min: 1, max: 20 }), D: fc.integer({ min: 1, max: 70 }) })
      .chain(({ K, D }) =>
        fc.record({
          vector: fc.array(number, { minLength: D, maxLength: D }),
          centroids: fc.array(number, { minLength: K * D, maxLength: K * D }),
          units: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: K, maxLength: K }),
        }),
      );
    fc.assert(
      fc.property(codebooks, (input) => {
        const vector = Float32Array.from(input.vector);
        const centroids = Float32Array.from(input.centroids);
        const units = Int32Array.from(input.units);
        const codebook = createCodebook({ centroids, units, featureWidth: vector.length });
        const found = codebook.assign(vector);
        const wanted = byDefinition(vector, centroids, units);
        expect(found.confidence).toBeCloseTo(wanted.confidence, 6);
        if (wanted.confidence > 1e-6) expect(found.id).toBe(wanted.id);
        expect(codebook.units).toBe(Math.max(...units));
      }),
      { numRuns: 400 },
    );
  });

  test('agrees with numbers worked by hand', () => {
    // (3, 1, 1, 3) standardised is (1, −1, −1, 1) but for the epsilon
    const codebook = createCodebook({
      centroids: Float32Array.of(1, -1, -1, 0, 1, -1, 1, 1, 1, -1, -1, -1, -1, 1, 1, -1),
      units: Int32Array.of(7, 9, 7, 3),
      featureWidth: 4,
    });
    const { id, confidence } = codebook.assign(Float32Array.of(3, 1, 1, 3));
    expect(id).toBe(7); // distance 1 to centroid 0; centroid 2, of the same unit, and 1 are 2 away
    expect(confidence).toBeCloseTo(0.5, 4);
  });

  test('measures distances behind the projection, worked by hand', () => {
    // (2, 4) standardised is (−1, 1); hidden max(0, (1 − 1, 2 + 1, −1)) = (0, 3, 0); out (3, 1 − 3)
    const hidden = { weight: Float32Array.of(0, 1, -1, 1, 1, 0), bias: Float32Array.of(-1, 1, 0) };
    const out = { weight: Float32Array.of(5, 1, 7, 9, -1, 2), bias: Float32Array.of(0, 1) };
    const plain = createProjection(hidden, out);
    expect(Array.from(plain.project(Float64Array.of(-1, 1)))).toEqual([3, -2]);
    const codebook = createCodebook({
      centroids: Float32Array.of(-1, 1, 3, 0, 3, -1),
      units: Int32Array.of(1, 2, 3),
      featureWidth: 2,
      projection: { hidden, out },
    });
    const { id, confidence } = codebook.assign(Float32Array.of(2, 4));
    expect(id).toBe(3); // 1 away; centroid 1 is 2 away
    expect(confidence).toBeCloseTo(0.5, 3);
    expect(() => codebook.assign(new Float32Array(3))).toThrow(/vector must hold 2 numbers, got 3/);
  });

  test('gives ties to the lower index, with no confidence between units', () => {
    const tie = (units: number[]) =>
      createCodebook({
        centroids: Float32Array.of(1, 1, 1, 1, 0, 0),
        units: Int32Array.from(units),
        featureWidth: 2,
      }).assign(Float32Array.of(2, 4));
    expect(tie([4, 2, 1])).toMatchObject({ id: 1, fine: 3 }); // (−1, 1) is nearest to 0
    const same = (units: number[]) =>
      createCodebook({
        centroids: Float32Array.of(-1, 1, -1, 1, 5, 5),
        units: Int32Array.from(units),
        featureWidth: 2,
      }).assign(Float32Array.of(2, 4));
    expect(same([4, 2, 1])).toEqual({ id: 4, fine: 1, confidence: 0 });
    expect(same([2, 4, 1])).toEqual({ id: 2, fine: 1, confidence: 0 });
    expect(same([4, 4, 1]).confidence).toBeGreaterThan(0.9);
  });

  test('takes a vector without spread, and one unit alone', () => {
    const one = createCodebook({
      centroids: Float32Array.of(0, 0, 1, 1),
      units: Int32Array.of(1, 1),
      featureWidth: 2,
    });
    expect(one.assign(Float32Array.of(5, 5))).toEqual({ id: 1, fine: 1, confidence: 1 });
  });

  test('does not depend on what it named before', () => {
    const random = seeded(4);
    const draw = (n: number) => Float32Array.from({ length: n }, () => random() - 0.5);
    const codebook = createCodebook({
      centroids: draw(64 * 100),
      units: Int32Array.from({ length: 100 }, (_, k) => 1 + (k % 40)),
      featureWidth: 64,
    });
    const vectors = Array.from({ length: 50 }, () => draw(64));
    const forwards = vectors.map((vector) => codebook.assign(vector));
    const backwards = vectors.toReversed().map((vector) => codebook.assign(vector));
    expect(backwards.toReversed()).toEqual(forwards);
    expect(new Set(forwards.map(({ id }) => id)).size).toBeGreaterThan(10);
  });

  test.each([
    [
      { centroids: new Float32Array(7), units: Int32Array.of(1, 2) },
      /\[K, 4\] centroids .* found 7 numbers and 2 units/,
    ],
    [
      { centroids: new Float32Array(0), units: new Int32Array(0) },
      /K >= 1, found 0 numbers and 0 units/,
    ],
    [{ centroids: new Float32Array(8), units: Int32Array.of(1, 0) }, /found unit 0 at centroid 1/],
    [
      { centroids: new Float32Array(8).fill(NaN, 5), units: Int32Array.of(1, 2) },
      /found NaN in centroid 1/,
    ],
  ])('refuses tensors that do not fit: %#', (tensors, message) => {
    const create = () => createCodebook({ ...tensors, featureWidth: 4 });
    expect(create).toThrow(message);
    expect(create).toThrow(expect.objectContaining({ code: 'SYLSTREAM_ERR_BUNDLE_SHAPE' }));
  });

  test('refuses a projection that does not fit', () => {
    const layer = (rows: number, inputs: number) => ({
      weight: new Float32Array(rows * inputs),
      bias: new Float32Array(rows),
    });
    const create = () =>
      createCodebook({
        centroids: new Float32Array(2),
        units: Int32Array.of(1),
        featureWidth: 4,
        projection: { hidden: layer(3, 4), out: layer(2, 5) },
      });
    expect(create).toThrow(
      /\[H, 4\] and \[P, H\] weights, found 12 and 10 numbers for 3 and 2 rows/,
    );
    expect(create).toThrow(expect.objectContaining({ code: 'SYLSTREAM_ERR_BUNDLE_SHAPE' }));
  });

  test('refuses a vector of another length', () => {
    const tensors = { centroids: new Float32Array(4), units: Int32Array.of(1), featureWidth: 4 };
    expect(() => createCodebook(tensors).assign(new Float32Array(3))).toThrow(
      /vector must hold 4 numbers, got 3/,
    );
  });
});
