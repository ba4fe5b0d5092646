/**
 * Centroids in whole numbers, for the search in `assembly/naming.ts`. With c the centroid, s·q its rounding (q int8), x the
 * point, u·p its rounding (p int16):
 *
 *   ‖x − c‖² − ‖x‖² = ‖c‖² − 2·x·c, and |x·c − s·u·(p·q)| ≤ ‖x‖·‖c − s·q‖ + ‖x − u·p‖·‖s·q‖,
 *
 * where ‖x − u·p‖ ≤ u/2·√P ≤ ‖x‖·√P / (2·levels), as u is the largest entry over `levels`. So with
 * slack = ‖c − s·q‖ + √P / (2·levels)·‖s·q‖ + FUZZ·(‖c‖ + …) the distance is at least ‖x‖² + norm − 2·s·u·(p·q) − 2‖x‖·slack.
 * FUZZ covers the roundings of that sum in float32.
 */
export interface RoundedCentroids {
  /** `[⌈K / 16⌉, ⌈P / 2⌉, 16, 2]`: the entries 2j and 2j + 1 of 16 centroids after another. */
  readonly blocks: Int8Array;
  /** `[16·⌈K / 16⌉]`: ‖c‖², Infinity for centroids that are not there, −Infinity for one that must always be measured. */
  readonly norms: Float32Array;
  /** `[16·⌈K / 16⌉]`: 2·s. */
  readonly steps: Float32Array;
  /** `[16·⌈K / 16⌉]`: what ‖x‖ is multiplied with twice. */
  readonly slacks: Float32Array;
  /** The largest whole number of a rounded point: no sum of products with it leaves int32. */
  readonly levels: number;
}

/** Centroids to a block. */
const BLOCK = 16;
const INT8_MOST = 127;
const INT16_MOST = 32_767;
/** Over 10 times the rounding of float32, 2⁻²⁴, of each of the few terms. */
const FUZZ = 4e-6;
/** ‖c‖² from here on float32 could overflow in the bounds; below the inverse it could vanish beside a point's. */
const NORM_MOST = 1e30;

/** Rounds centroids `[K, P]`. */
export function roundCentroids(centroids: Float32Array, count: number): RoundedCentroids {
  const width = centroids.length / count;
  const pairs = Math.ceil(width / 2);
  const padded = Math.ceil(count / BLOCK) * BLOCK;
  const levels = Math.min(INT16_MOST, Math.floor((2 ** 31 - 1) / (INT8_MOST * 2 * pairs)));
  const blocks = new Int8Array(padded * pairs * 2);
  const norms = new Float32Array(padded).fill(Infinity);
  const steps = new Float32Array(padded);
  const slacks = new Float32Array(padded);
  for (let k = 0; k < count; k++) {
    const centroid = centroids.subarray(k * width, (k + 1) * width);
    const step = centroid.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / INT8_MOST;
    let norm = 0;
    let rounded = 0;
    let error = 0;
    for (let i = 0; i < width; i++) {
      const whole = step === 0 ? 0 : Math.round(centroid[i] / step);
      blocks[(Math.floor(k / BLOCK) * pairs + (i >> 1)) * BLOCK * 2 + (k % BLOCK) * 2 + (i & 1)] =
        whole;
      norm += centroid[i] ** 2;
      rounded += (whole * step) ** 2;
      error += (centroid[i] - whole * step) ** 2;
    }
    const spread = Math.sqrt(width) / (2 * levels);
    norms[k] = norm < NORM_MOST ? norm * (1 - FUZZ) : -Infinity;
    steps[k] = 2 * step;
    slacks[k] = Math.sqrt(error) + spread * Math.sqrt(rounded) + FUZZ * Math.sqrt(norm);
  }
  return { blocks, norms, steps, slacks, levels };
}
