import { FRAMES_PER_TOKEN } from '../../core/time.ts';
import type { EncoderConfig } from '../bundle/bundle.ts';
import { framesBefore, melRowLength } from './melRow.ts';
import { ringRows, type RingShape } from '../inference/kvRing.ts';

/**
 * What a stream keeps where its keys and values lie elsewhere: the mel of the chunks of its encoder's field, from which they
 * can be made again. It has the shape of a ring of keys and values, so that it is packed, restored and used again like one:
 * a chunk's mel fills its slot, the first half of it in the plane of "keys", the second in that of "values".
 */
export function melRingShape(encoder: EncoderConfig): RingShape {
  const { chunkTokens, layers, windowTokens } = encoder;
  const field = Math.ceil((layers * windowTokens) / chunkTokens) * chunkTokens;
  const values = melRowLength(framesBefore(encoder), chunkTokens);
  return {
    layers: 1,
    windowTokens: field,
    chunkTokens,
    rowWidth: Math.ceil(values / (FRAMES_PER_TOKEN * chunkTokens)),
  };
}

/** The mel `[before + 2c, 128]` of a chunk that `scatterRing()` put in, copied. */
export function readMel(
  ring: Float32Array,
  shape: RingShape,
  firstToken: number,
  before: number,
): Float32Array {
  const { chunkTokens, rowWidth } = shape;
  const rows = ringRows(shape);
  const half = chunkTokens * rowWidth;
  const mel = new Float32Array(melRowLength(before, chunkTokens));
  for (const plane of [0, 1]) {
    const at = (plane * rows + (firstToken % rows)) * rowWidth;
    const size = Math.min(half, mel.length - plane * half);
    mel.set(ring.subarray(at, at + size), plane * half);
  }
  return mel;
}
