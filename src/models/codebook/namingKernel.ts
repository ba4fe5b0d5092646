import { planWasm } from '../../core/wasmPlan.ts';
import { layerPanels } from './layerPanels.ts';
import type { NamingWasm } from './namingExports.ts';
import { NAMING_WASM } from './namingWasm.ts';
import type { Projection } from './projection.ts';
import { roundCentroids } from './roundedCentroids.ts';

/** The nearest centroid to a point. */
export interface Nearest {
  /** Its index; the lowest of those that are equally near. */
  readonly index: number;
  /** Its squared distance. */
  readonly nearest: number;
  /** The squared distance of the nearest centroid of another unit, Infinity where there is none. */
  readonly other: number;
}

/** Finds centroids. */
export interface NamingKernel {
  /** The centroid nearest to a standardised vector `[D]`. */
  findNearest(vector: Float64Array): Nearest;
  /** Of the vector that was looked for last: what its unit has of the weights e^(−d²) of all centroids, 0 to 1. */
  shareOfUnit(): number;
}

/**
 * Lays out the tensors of a codebook for `assembly/naming.ts` and returns the functions that name with it. All sums are
 * in the order that docs/bundle.md states: the same bits on every machine.
 */
export function createNamingKernel(
  centroids: Float32Array,
  units: Int32Array,
  projection: Projection | undefined,
  featureWidth: number,
): NamingKernel {
  const width = centroids.length / units.length;
  const plan = planWasm<NamingWasm>(NAMING_WASM);
  const layers = projection === undefined ? [] : [projection.hidden, projection.out];
  const placed = layers.map((layer, i) => {
    const packed = layerPanels(layer);
    return {
      ...packed,
      floor: i === 0 ? -Infinity : 0, // the ReLU stands before the second layer
      weightsAt: plan.take(packed.weights.byteLength),
      biasAt: plan.take(packed.bias.byteLength),
      output: plan.take(2 * packed.bias.byteLength),
    };
  });
  const rounded = roundCentroids(centroids, units.length);
  const widest = Math.max(featureWidth, ...placed.map(({ input }) => input));
  const vectorAt = plan.take(8 * featureWidth);
  const values = plan.take(4 * (widest + 1));
  const offsets = plan.take(4 * (widest + 1));
  const centroidsAt = plan.take(centroids.byteLength);
  const unitsAt = plan.take(units.byteLength);
  const blocks = plan.take(rounded.blocks.byteLength);
  const norms = plan.take(rounded.norms.byteLength);
  const steps = plan.take(rounded.steps.byteLength);
  const slacks = plan.take(rounded.slacks.byteLength);
  const point16 = plan.take(2 * (width + 2));
  const distancesAt = plan.take(16);

  const { wasm, buffer } = plan.open();
  for (const { weights, weightsAt, bias, biasAt } of placed) {
    new Float32Array(buffer, weightsAt, weights.length).set(weights);
    new Float32Array(buffer, biasAt, bias.length).set(bias);
  }
  new Float32Array(buffer, centroidsAt, centroids.length).set(centroids);
  new Int32Array(buffer, unitsAt, units.length).set(units);
  new Int8Array(buffer, blocks, rounded.blocks.length).set(rounded.blocks);
  new Float32Array(buffer, norms, rounded.norms.length).set(rounded.norms);
  new Float32Array(buffer, steps, rounded.steps.length).set(rounded.steps);
  new Float32Array(buffer, slacks, rounded.slacks.length).set(rounded.slacks);
  const entry = new Float64Array(buffer, vectorAt, featureWidth);
  const distances = new Float64Array(buffer, distancesAt, 2);

  const where = [centroidsAt, unitsAt, blocks, norms, steps, slacks, point16] as const;
  const { levels } = rounded;
  const count = units.length;
  const last = placed.at(-1)?.output ?? vectorAt;

  return {
    findNearest(vector) {
      entry.set(vector);
      let point = vectorAt;
      for (const { input, floor, panels, weightsAt, biasAt, output } of placed) {
        const kept = wasm.compact(point, input, floor, values, offsets);
        wasm.layer(weightsAt, panels, input, biasAt, values, offsets, kept, output);
        point = output;
      }
      const index = wasm.find(last, width, count, ...where, levels, distancesAt);
      return { index, nearest: distances[0], other: distances[1] };
    },
    shareOfUnit: () => wasm.share(last, width, count, ...where),
  };
}
