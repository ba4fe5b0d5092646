import { SAMPLE_RATE, TOKEN_SAMPLES } from '../../core/time.ts';

/** From where a stream's audio has to come again, so that its next token comes out as if nothing had happened. */
export interface ReplayPlace {
  /** First moment of the input, at its own rate. */
  readonly moment: number;
  /** Samples at 16 kHz of the replay that lie before the token, and are dropped. */
  readonly skipSamples: number;
}

/** The resampler's filter reaches less far than this at any rate it takes: 8 ms at 8 kHz. */
const FILTER_SAMPLES = SAMPLE_RATE / 10;

/**
 * The place to replay from. 16 kHz is not resampled: the token's own first sample. Else a whole second before it, because
 * the phase of the resampler is 0 there, as it is at the beginning of a stream, and cannot be set.
 */
export function replayPlace(token: number, sampleRate: number): ReplayPlace {
  const sample = TOKEN_SAMPLES * token;
  if (sampleRate === SAMPLE_RATE) return { moment: sample, skipSamples: 0 };
  const second = Math.max(0, Math.floor((sample - FILTER_SAMPLES) / SAMPLE_RATE));
  return { moment: second * sampleRate, skipSamples: sample - second * SAMPLE_RATE };
}
