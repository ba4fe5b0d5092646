import { sharedMemory } from './mappedMemory.ts';

/**
 * One stream's keys and values in shared memory: `[2·L, W + c, V]`, plane 2l = keys of layer l, 2l + 1 =
 * its values; token τ lives in row τ mod (W + c). The c spare rows are why a step can be done again: the new
 * rows never overwrite one that the step itself reads, and they count only once the main thread has seen
 * the step's answer.
 */
export interface RingShape {
  /** L. */
  readonly layers: number;
  /** W. */
  readonly windowTokens: number;
  /** c. */
  readonly chunkTokens: number;
  /** V = kvHeads · headWidth. */
  readonly rowWidth: number;
}

/** Bytes of the memory of one stream. */
export function ringBytes(shape: RingShape): number {
  return 4 * 2 * shape.layers * ringRows(shape) * shape.rowWidth;
}

/** Makes the memory of one stream. */
export function createRing(shape: RingShape): ArrayBufferLike {
  return sharedMemory(ringBytes(shape));
}

/** A stream's keys and values: what outlives the thread, and the thread's own copy of it. */
export interface KeptMemory {
  readonly shared: Float32Array;
  /** Gathered from: the engine copies unshared memory as one block, shared memory word by word. */
  readonly own: Float32Array;
}

/** Rows of one plane. */
export function ringRows(shape: RingShape): number {
  return shape.windowTokens + shape.chunkTokens;
}

/**
 * Copies the W rows that a chunk may see from a ring into one row of the arena, plane by plane, in ring order.
 *
 * @param targets for each plane, the arena's `[W, V]` of this row
 * @param firstToken the chunk's first token, a multiple of c
 */
export function gatherRing(
  ring: Float32Array,
  targets: readonly Float32Array[],
  shape: RingShape,
  firstToken: number,
): void {
  const { chunkTokens, rowWidth } = shape;
  const rows = ringRows(shape);
  // The chunk's own slot holds tokens that left the window: leave it out.
  const hole = (firstToken % rows) * rowWidth;
  const after = hole + chunkTokens * rowWidth;
  for (let plane = 0; plane < targets.length; plane++) {
    const base = plane * rows * rowWidth;
    const target = targets[plane];
    target.set(ring.subarray(base, base + hole), 0);
    target.set(ring.subarray(base + after, base + rows * rowWidth), hole);
  }
}

/**
 * Writes the ages that belong to the rows of `gatherRing`: how many tokens before the chunk's first token each
 * lies, 1 to W, or 0 for rows that hold nothing yet.
 *
 * @param ages `[W]`
 * @param known how many tokens before it the stream has; by default all since token 0
 */
export function writeAges(
  ages: Float32Array,
  shape: RingShape,
  firstToken: number,
  known: number = firstToken,
): void {
  const rows = ringRows(shape);
  const hole = firstToken % rows;
  for (let i = 0; i < shape.windowTokens; i++) {
    const row = i < hole ? i : i + shape.chunkTokens;
    const age = (hole - row + rows) % rows;
    ages[i] = age <= known ? age : 0;
  }
}

/**
 * Copies the rows of a stream's first `tokens` tokens, or all rows where there are no more than those: what going on needs.
 *
 * @param packed `[2·L, rows, V]`, of `packedRingLength()`
 */
export function packRing(ring: Float32Array, packed: Float32Array, shape: RingShape): void {
  const size = ringRows(shape) * shape.rowWidth;
  const kept = packed.length / (2 * shape.layers);
  for (let plane = 0; plane < 2 * shape.layers; plane++) {
    packed.set(ring.subarray(plane * size, plane * size + kept), plane * kept);
  }
}

/** Values that `packRing` copies. */
export function packedRingLength(shape: RingShape, tokens: number): number {
  return 2 * shape.layers * Math.min(ringRows(shape), tokens) * shape.rowWidth;
}

/** Puts back what `packRing` copied. */
export function unpackRing(ring: Float32Array, packed: Float32Array, shape: RingShape): void {
  const size = ringRows(shape) * shape.rowWidth;
  const kept = packed.length / (2 * shape.layers);
  for (let plane = 0; plane < 2 * shape.layers; plane++) {
    ring.set(packed.subarray(plane * kept, (plane + 1) * kept), plane * size);
  }
}

/**
 * Writes a chunk's new keys and values into its slot.
 *
 * @param present `[2·L, c, V]` of this stream
 * @param count how many of the c tokens are kept, from the first on
 */
export function scatterRing(
  ring: Float32Array,
  present: Float32Array,
  shape: RingShape,
  firstToken: number,
  count: number = shape.chunkTokens,
): void {
  const rows = ringRows(shape);
  const width = shape.chunkTokens * shape.rowWidth;
  const slot = (firstToken % rows) * shape.rowWidth;
  for (let plane = 0; plane < 2 * shape.layers; plane++) {
    ring.set(
      present.subarray(plane * width, plane * width + count * shape.rowWidth),
      plane * rows * shape.rowWidth + slot,
    );
  }
}
