import { tensor, type Tensor, type TensorShapes } from './tensors.ts';

/** Shape of the cached keys and values that a step model reads. */
export interface CacheShape {
  /** L. */
  readonly layers: number;
  /** W: rows that a step sees. */
  readonly window: number;
  /** V = kvHeads · headWidth. */
  readonly rowWidth: number;
}

/** Preallocated `past_*` tensors of a step model, `[maxBatch, W, V]` each. */
export interface CacheArena {
  /** For each row of the batch, its part of each plane: keys, values, layer after layer; `[W, V]`. */
  readonly rows: readonly (readonly Float32Array[])[];
  /** Tensors over the first B rows; no copy. */
  feeds(B: number): Record<string, Tensor>;
}

/** Makes an arena; finite from the start, so that what an absent row holds cannot spoil a sum. */
export function createCacheArena(
  { layers, window, rowWidth }: CacheShape,
  maxBatch: number,
): CacheArena {
  const names = planeNames(layers);
  const size = window * rowWidth;
  const planes = names.map(() => new Float32Array(maxBatch * size));
  return {
    rows: Array.from({ length: maxBatch }, (_, b) =>
      planes.map((plane) => plane.subarray(b * size, (b + 1) * size)),
    ),
    feeds: (B) =>
      Object.fromEntries(
        names.map((name, p) => [
          name,
          tensor(planes[p].subarray(0, B * size), [B, window, rowWidth]),
        ]),
      ),
  };
}

/** The cache inputs of a step model and their shapes. */
export function cacheTensors({ layers, window, rowWidth }: CacheShape): TensorShapes {
  return new Map(planeNames(layers).map((name) => [name, ['B', window, rowWidth]]));
}

/** Cache inputs in plane order. */
function planeNames(layers: number): string[] {
  return Array.from({ length: layers }, (_, l) => [`past_k_${l}`, `past_v_${l}`]).flat();
}
