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

/** Keeps the mel `[before + 2c, 128]` of the chunk that begins at `firstToken`. */
export function writeMel(
  ring: Float32Array,
  mel: Float32Array,
  shape: RingShape,
  firstToken: number,
): void {
  for (const [at, from, to] of halves(shape, firstToken)) ring.set(mel.subarray(from, to), at);
}

/** The mel of a chunk that is kept, `[before + 2c, 128]`, copied. */
export function readMel(
  ring: Float32Array,
  shape: RingShape,
  firstToken: number,
  before: number,
): Float32Array {
  const { chunkTokens } = shape;
  const mel = new Float32Array(melRowLength(before, chunkTokens));
  for (const [at, from, to] of halves(shape, firstToken)) {
    mel.set(ring.subarray(at, at + Math.min(to, mel.length) - from), from);
  }
  return mel;
}

/** Where in the ring which part of a chunk's mel lies: `[at, from, to]`. */
function halves(shape: RingShape, firstToken: number): [number, number, number][] {
  const size = shape.chunkTokens * shape.rowWidth;
  const plane = ringRows(shape) * shape.rowWidth;
  const slot = (firstToken % ringRows(shape)) * shape.rowWidth;
  return [
    [slot, 0, size],
    [plane + slot, size, 2 * size],
  ];
}
