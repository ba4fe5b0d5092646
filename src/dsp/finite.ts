import { PipelineError } from '../errors.ts';

/** The index of the first NaN or infinite value of `samples`, or −1. */
export function firstNonFinite(samples: Float32Array): number {
  for (let i = 0; i < samples.length; i++) {
    if (!Number.isFinite(samples[i])) return i;
  }
  return -1;
}

/** The error for a sample that is not a number in a range: `index` counts from the start of the stream, in `rate` Hz. */
export function notFinite(value: number, index: number, rate: number): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_AUDIO_NOT_FINITE',
    `expected finite samples in [-1, 1], got ${value} at sample ${index} (${(index / rate).toFixed(3)} s); ` +
      'repair the recording or the format it is read with',
  );
}
