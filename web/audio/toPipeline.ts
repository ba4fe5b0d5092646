import { createResampler } from '../../src/audio/resampler.ts';
import { speex } from '../../src/audio/speex.ts';
import type { AudioFormat } from '../../src/audio/audioFormat.ts';
import { isControl } from '../../src/core/types.ts';

/** Turns audio as it comes into 16 kHz mono, piece by piece. */
export interface PipelineAudio {
  push(interleaved: Float32Array): Float32Array[];
  /** The end: the last few milliseconds. */
  finish(): Float32Array[];
}

/**
 * Wraps the library's own resampler, so that the page sends and draws what `sylstream tokenize` hears: the same filter,
 * no aliasing, channels replaced by their mean.
 */
export function toPipelineAudio(format: AudioFormat): PipelineAudio {
  const resampler = createResampler(format, speex.get());
  const samplesOf = (out: ReturnType<typeof resampler.push>): Float32Array[] =>
    [...out].flatMap((value) => (isControl(value) ? [] : [value.samples]));
  return {
    push: (samples) => samplesOf(resampler.push({ samples })),
    finish() {
      try {
        return samplesOf(resampler.flush());
      } finally {
        resampler.release?.();
      }
    },
  };
}
