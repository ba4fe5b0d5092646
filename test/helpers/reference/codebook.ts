import type { Codebook, CodebookTensors } from '../../../src/models/codebook/codebook.ts';
import type { Projection } from '../../../src/models/codebook/projection.ts';
import { createProjection, type PlainProjection } from './projection.ts';

/** Added to a vector's standard deviation before it divides (docs/bundle.md). */
const EPSILON = 1e-5;
/** Entries between two looks at whether a centroid is already too far. */
const STRIDE = 32;

/**
 * The codebook in plain JavaScript, as it was before WebAssembly: what the benchmark compares with and, with the projection as it is
 * defined now, what the module must give bit for bit.
 */
export function createPlainCodebook(
  tensors: CodebookTensors,
  createHead: (projection: Projection) => PlainProjection = ({ hidden, out }) =>
    createProjection(hidden, out),
): Pick<Codebook, 'assign'> {
  const { centroids, units, featureWidth } = tensors;
  const projection = tensors.projection && createHead(tensors.projection);
  const width = projection?.width ?? featureWidth;
  const standard = new Float64Array(featureWidth); // scratch
  return {
    assign(vector) {
      if (vector.length !== featureWidth) {
        throw new RangeError(`vector must hold ${featureWidth} numbers, got ${vector.length}`);
      }
      standardise(vector, standard);
      const point = projection?.project(standard) ?? standard;
      let id = 0;
      let fine = 0;
      let nearest = Infinity; // squared distance to the nearest centroid
      let other = Infinity; // … to the nearest centroid of another unit
      for (let k = 0; k < units.length; k++) {
        const distance = squaredDistance(point, centroids, k * width, other);
        if (distance >= other) continue;
        if (distance >= nearest) {
          if (units[k] !== id) other = distance;
          continue;
        }
        if (units[k] !== id) other = nearest;
        nearest = distance;
        id = units[k];
        fine = k + 1;
      }
      const confidence = nearest === other ? 0 : 1 - Math.sqrt(nearest / other);
      return { id, fine, confidence };
    },
  };
}

/** Writes (vector − mean) / (standard deviation + 1e-5) into `into`. */
function standardise(vector: Float32Array, into: Float64Array): void {
  const width = vector.length;
  let sum = 0;
  for (let d = 0; d < width; d++) sum += vector[d];
  const mean = sum / width;
  let squares = 0;
  for (let d = 0; d < width; d++) squares += (vector[d] - mean) ** 2;
  const scale = 1 / (Math.sqrt(squares / width) + EPSILON);
  for (let d = 0; d < width; d++) into[d] = (vector[d] - mean) * scale;
}

/**
 * ‖a − b[offset …]‖², or some number at or above `enough` once it is sure to be. Four sums side by side: each addition need
 * not wait for the one before.
 */
function squaredDistance(a: Float64Array, b: Float32Array, offset: number, enough: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let d = 0;
  while (d + STRIDE <= a.length && s0 + s1 + s2 + s3 < enough) {
    for (const end = d + STRIDE; d < end; d += 4) {
      const d0 = a[d] - b[offset + d];
      const d1 = a[d + 1] - b[offset + d + 1];
      const d2 = a[d + 2] - b[offset + d + 2];
      const d3 = a[d + 3] - b[offset + d + 3];
      s0 += d0 * d0;
      s1 += d1 * d1;
      s2 += d2 * d2;
      s3 += d3 * d3;
    }
  }
  const total = s0 + s1 + s2 + s3;
  if (total >= enough) return total;
  let rest = 0;
  for (; d < a.length; d++) rest += (a[d] - b[offset + d]) ** 2;
  return total + rest;
}
