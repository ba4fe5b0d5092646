import { PipelineError } from '../../core/errors.ts';
import { createNamingKernel } from './namingKernel.ts';
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
  /** What makes confidences probabilities; without it they are ratios of distances. */
  readonly confidence?: Calibration | undefined;
}

/** Platt's scaling (1999) of a unit's share p of all weights: the probability is 1 / (1 + e^−(slope·ln(p/(1 − p)) + intercept)). */
export interface Calibration {
  /** Above 0. */
  readonly slope: number;
  readonly intercept: number;
}

/** What a segment is called. */
export interface Name {
  /** 1 to M. */
  readonly id: number;
  /** 1 to K. */
  readonly fine: number;
  /** 0 to 1: with a calibration the probability that the unit's commonest syllable is what was said. */
  readonly confidence: number;
}

/** Names segments. */
export interface Codebook {
  /** D, the length of the vectors it takes. */
  readonly featureWidth: number;
  /** M, the highest unit; 0 is the pause. */
  readonly units: number;
  /**
   * Returns the unit of a segment's mean vector `[D]`, 1 to M, its finer name (the nearest centroid, 1 to K), and how sure that is. With a
   * calibration that is a probability; without one 1 − d₁/d₂, d₁ the distance to the nearest centroid and d₂ to the nearest of
   * another unit; 1 where there is no other unit, 0 where both are equally far.
   * Throws a `RangeError` for a vector of another length.
   */
  assign(vector: Float32Array): Name;
}

/** Added to a vector's standard deviation before it divides (docs/bundle.md). */
const EPSILON = 1e-5;

/** A share of all weights is taken to be no nearer to 0 and 1, whose odds have no logarithm. */
const SURE = 1e-6;

/**
 * Makes a codebook: vectors are standardised over their entries (population standard deviation + 1e-5) and projected, where it
 * has a projection; then the nearest centroid by squared Euclidean distance wins, ties going to the lower index, and its merged
 * unit is the name.
 *
 * The arithmetic runs in WebAssembly (`namingKernel.ts`), with the same bits on every machine.
 *
 * Errors: `SYLSTREAM_ERR_BUNDLE_SHAPE` where the tensors do not fit together.
 */
export function createCodebook(tensors: CodebookTensors): Codebook {
  const { centroids, units, featureWidth, projection, confidence: calibration } = tensors;
  checkProjection(projection, featureWidth);
  check(centroids, units, projection?.out.bias.length ?? featureWidth);
  const kernel = createNamingKernel(centroids, units, projection, featureWidth);
  const standard = new Float64Array(featureWidth); // scratch
  return {
    featureWidth,
    units: units.reduce((most, unit) => Math.max(most, unit), 0),
    assign(vector) {
      if (vector.length !== featureWidth) {
        throw new RangeError(`vector must hold ${featureWidth} numbers, got ${vector.length}`);
      }
      standardise(vector, standard);
      const { index, nearest, other } = kernel.findNearest(standard);
      const byDistance = () => (nearest === other ? 0 : 1 - Math.sqrt(nearest / other));
      const confidence = calibration
        ? probability(kernel.shareOfUnit(), calibration)
        : byDistance();
      return { id: units[index], fine: index + 1, confidence };
    },
  };
}

function probability(share: number, { slope, intercept }: Calibration): number {
  const p = Math.min(1 - SURE, Math.max(SURE, share));
  return 1 / (1 + Math.exp(-(slope * Math.log(p / (1 - p)) + intercept)));
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

function checkProjection(projection: Projection | undefined, featureWidth: number): void {
  if (projection === undefined) return;
  const { hidden, out } = projection;
  const H = hidden.bias.length;
  const P = out.bias.length;
  if (H > 0 && P > 0 && hidden.weight.length === H * featureWidth && out.weight.length === P * H)
    return;
  throw misshapen(
    `a projection of [H, ${featureWidth}] and [P, H] weights`,
    `${hidden.weight.length} and ${out.weight.length} numbers for ${H} and ${P} rows`,
  );
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
