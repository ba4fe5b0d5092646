import type { AudioFormat } from '../../audio/audioFormat.ts';
import { chain } from '../../core/chain.ts';
import { createLogMel } from '../../mel/logMel.ts';
import type { Machine } from '../../core/machine.ts';
import { createResampler } from '../../audio/resampler.ts';
import { speex } from '../../audio/speex.ts';
import { isControl, type Control, type MelBlock, type PcmChunk } from '../../core/types.ts';
import { TOKEN_SAMPLES } from '../../core/time.ts';
import { replayPlace } from './replayPlace.ts';

type Audio = PcmChunk | Control;

/** Where audio begins, and what is wanted of it. */
export interface FrontPlace {
  /** The first token; 0 by default. */
  readonly token?: number | undefined;
  /** Whether blocks bring their samples (`logMel`). */
  readonly wave?: boolean | undefined;
}

/**
 * Makes the machines from audio to log-mel. They keep nothing that the audio could not give again: made for a later `token`,
 * they want the audio from `replayPlace(token)` on, and their first moment is the token's.
 */
export function createFront(
  format: AudioFormat,
  { token = 0, wave }: FrontPlace = {},
): Machine<Audio, MelBlock | Control> {
  const { moment, skipSamples } = replayPlace(token, format.sampleRate);
  const resampler = createResampler(format, speex.get(), { firstMoment: moment });
  const logMel = createLogMel({ firstSample: token * TOKEN_SAMPLES, wave });
  return skipSamples === 0
    ? chain(resampler, logMel)
    : chain(chain(resampler, skip(skipSamples)), logMel);
}

/** Drops the first samples. */
function skip(samples: number): Machine<Audio, Audio> {
  let left = samples;
  return {
    push(value) {
      if (left === 0 || isControl(value)) return [value];
      const rest = value.samples.subarray(left);
      left = Math.max(0, left - value.samples.length);
      return rest.length > 0 ? [{ samples: rest }] : [];
    },
    flush: () => [],
  };
}
