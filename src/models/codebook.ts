import { PipelineError } from '../errors.ts';
import type { Projection } from './projection.ts';

/** What `codebook.safetensors` of a bundle holds. */
export interface CodebookTensors {
  /** `[K, P]`, row after row; P is D where there is no projection. */
  readonly centroids: Float32Array;
  /** `[K]`: the merged unit of each centroid, 1 to M. */
  readonly units: Int32Array;
  /** D. */
  readonly featureWidth: number;
  /** From `[D]` to `[P]`, where distances are measured. */
  readonly projection?: Projection | undefined;
}

/** Names segments. */
export interface Codebook {
  /** D, the length of the vectors it takes. */
  readonly featureWidth: number;
  /** M, the highest unit; 0 is the pause. */
  readonly units: number;
  /**
   * Returns the unit of a segment's mean vector `[D]`, 1 to M, and how sure that is: 1 − d₁/d₂, d₁ the distance to the
   * nearest centroid and d₂ to the nearest of another unit; 1 where there is no other unit, 0 where both are equally far.
   * Throws a `RangeError` for a vector of another length.
   */
  assign(vector: Float32Array): { readonly id: number; readonly confidence: number };
}

/** Added to a vector's standard deviation before it divides (docs/bundle.md). */
const EPSILON = 1e-5;
/** Entries between two looks at whether a centroid is already too far. */
const STRIDE = 32;

/**
 * Makes a codebook: vectors are standardised over their entries (population standard deviation + 1e-5) and projected, where it
 * has a projection; then the nearest centroid by squared Euclidean distance wins, ties going to the lower index, and its merged
 * unit is the name.
 *
 * A centroid is given up as soon as its distance exceeds that of the nearest other unit so far, which changes nothing.
 *
 * Errors: `SYLSTREAM_ERR_BUNDLE_SHAPE` where the tensors do not fit together.
 */
export function createCodebook(tensors: CodebookTensors): Codebook {
  const { centroids, units, featureWidth, projection } = tensors;
  const width = projection?.width ?? featureWidth;
  check(centroids, units, width);
  const standard = new Float64Array(featureWidth); // scratch
  return {
    featureWidth,
    units: units.reduce((most, unit) => Math.max(most, unit), 0),
    assign(vector) {
      if (vector.length !== featureWidth) {
        throw new RangeError(`vector must hold ${featureWidth} numbers, got ${vector.length}`);
      }
      standardise(vector, standard);
      const point = projection?.project(standard) ?? standard;
      let id = 0;
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
      }
      const confidence = nearest === other ? 0 : 1 - Math.sqrt(nearest / other);
      return { id, confidence };
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
function squaredDistance(
  a: Float64Array,
  b: Float32Array,
  offset: number,
  enough: number,
): number {
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

function check(centroids: Float32Array, units: Int32Array, width: number): void {
  const K = units.length;
  if (K > 0 && width > 0 && centroids.length === K * width) {
    const bad = units.findIndex((unit) => unit < 1);
    const broken = centroids.findIndex((value) => !Number.isFinite(value));
    if (bad === -1 && broken === -1) return;
    const found =
      bad === -1
        ? `${centroids[broken]} in centroid ${Math.floor(broken / width)}`
        : `unit ${units[bad]} at centroid ${bad}`;
    throw misshapen('units from 1 on and finite centroids', found);
  }
  throw misshapen(
    `[K, ${width}] centroids and [K] units, K >= 1`,
    `${centroids.length} numbers and ${K} units`,
  );
}

function misshapen(expected: string, found: string): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_BUNDLE_SHAPE',
    `the codebook should have ${expected}, found ${found}; export the bundle again`,
  );
}
