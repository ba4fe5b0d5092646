import { PipelineError } from './errors.ts';

/** The largest magnitude of a sample: the energy of a frame of these is still a float32. */
const MAX_SAMPLE = 1e9;

/** Whether a value can be a sample: neither NaN nor infinite, nor so large that its energy would be. */
export function isFiniteSample(value: number): boolean {
  return Math.abs(value) <= MAX_SAMPLE;
}

/**
 * The part of `samples` before the first value that is none (`isFiniteSample`), and the error to throw after it; without such a value
 * all of them and no error.
 *
 * @param indexOf the stream's sample, in `rate` Hz, at a place in `samples`
 */
export function splitFinite(
  samples: Float32Array,
  indexOf: (place: number) => number,
  rate: number,
): { readonly finite: Float32Array; readonly error?: PipelineError } {
  const bad = firstNonFinite(samples);
  if (bad < 0) return { finite: samples };
  const error = notFinite(samples[bad], indexOf(bad), rate);
  return { finite: samples.subarray(0, bad), error };
}

function firstNonFinite(samples: Float32Array): number {
  for (let i = 0; i < samples.length; i++) {
    if (!isFiniteSample(samples[i])) return i;
  }
  return -1;
}

function notFinite(value: number, index: number, rate: number): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_AUDIO_NOT_FINITE',
    `expected finite samples in [-1, 1], got ${value} at sample ${index} (${(index / rate).toFixed(3)} s); ` +
      'repair the recording or the format it is read with',
  );
}
