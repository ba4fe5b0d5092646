import { FRAMES_PER_TOKEN } from '../../core/time.ts';
import type { EncoderConfig } from '../bundle/bundle.ts';
import { fieldTokens, melRowLength, rowShape, type RowShape } from './melRow.ts';
import { ringRows, type RingShape } from '../inference/kvRing.ts';

/**
 * What a stream keeps where it has no keys and values here: the inputs of the chunks of its encoder's field, mel or wave,
 * because they lie elsewhere and can be made again of it, or because every step hears all of it again. It has the shape of a
 * ring of keys and values, so that it is packed, restored and used again like one: a chunk's input fills its slot, the first
 * half of it in the plane of "keys", the second in that of "values".
 */
export function melRingShape(encoder: EncoderConfig): RingShape {
  const { chunkTokens } = encoder;
  const field = Math.ceil(fieldTokens(encoder) / chunkTokens) * chunkTokens;
  const values = melRowLength(rowShape(encoder), chunkTokens);
  return {
    layers: 1,
    windowTokens: field,
    chunkTokens,
    rowWidth: Math.ceil(values / (FRAMES_PER_TOKEN * chunkTokens)),
  };
}

/** The input of a chunk that `scatterRing()` put in, copied. */
export function readMel(
  ring: Float32Array,
  shape: RingShape,
  firstToken: number,
  rows: RowShape,
): Float32Array {
  const { chunkTokens, rowWidth } = shape;
  const slots = ringRows(shape);
  const half = chunkTokens * rowWidth;
  const mel = new Float32Array(melRowLength(rows, chunkTokens));
  for (const plane of [0, 1]) {
    const at = (plane * slots + (firstToken % slots)) * rowWidth;
    const size = Math.min(half, mel.length - plane * half);
    mel.set(ring.subarray(at, at + size), plane * half);
  }
  return mel;
}
