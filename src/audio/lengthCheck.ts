import { PipelineError } from '../core/errors.ts';
import type { PcmChunk } from '../core/types.ts';
import { SAMPLE_RATE, WINDOW_SAMPLES } from '../core/time.ts';
import type { Machine } from '../core/machine.ts';

/**
 * Creates a machine that passes 16 kHz chunks on and, at the end of a recording that filled no analysis window, throws
 * `SYLSTREAM_ERR_AUDIO_EMPTY` (no sample) or `SYLSTREAM_ERR_AUDIO_SHORT` (fewer than 400, 25 ms).
 */
export function createLengthCheck(): Machine<PcmChunk, PcmChunk> {
  let count = 0;
  return {
    push(chunk) {
      count += chunk.samples.length;
      return [chunk];
    },
    flush() {
      if (count >= WINDOW_SAMPLES) return [];
      const least = `at least ${WINDOW_SAMPLES} samples at ${SAMPLE_RATE / 1000} kHz (25 ms)`;
      throw new PipelineError(
        count === 0 ? 'SYLSTREAM_ERR_AUDIO_EMPTY' : 'SYLSTREAM_ERR_AUDIO_SHORT',
        `expected ${least}, got ${count}; record more, or check what was read`,
      );
    },
  };
}
