import { PipelineError } from '../core/errors.ts';

/**
 * The loudest float sample that is taken for sound: 24 dB over full scale, more than any mix keeps; integers that were
 * written as they are, full scale 32,768 or more, pass it at 66 dB below full scale.
 */
export const MAX_FLOAT_SAMPLE = 16;

/**
 * The part of `samples` before the first finite value beyond ±16, and the error to throw after it; without such a value all
 * of them and no error. Values that are not finite are left for `splitFinite`.
 *
 * @param indexOf the stream's sample, in `rate` Hz, at a place in `samples`
 */
export function splitScale(
  samples: Float32Array,
  indexOf: (place: number) => number,
  rate: number,
): { readonly good: Float32Array; readonly error?: PipelineError } {
  for (let i = 0; i < samples.length; i++) {
    const size = Math.abs(samples[i]);
    if (!(size > MAX_FLOAT_SAMPLE) || size === Infinity) continue;
    const index = indexOf(i);
    const error = new PipelineError(
      'SYLSTREAM_ERR_AUDIO_FORMAT',
      `expected float samples in [-1, 1], got ${samples[i]} at sample ${index} (${(index / rate).toFixed(3)} s), ` +
        'the scale of integers; divide them by full scale (32768 for 16 bits) and write the file again',
    );
    return { good: samples.subarray(0, i), error };
  }
  return { good: samples };
}
