import { SAMPLE_RATE, samplesForTokens } from '../../core/time.ts';

/**
 * Says when audio that has come is worth handing over: an encoder chunk may have become whole. Between those moments audio
 * waits where it is, because a thread that is woken for nothing costs more than what it is woken for.
 *
 * @param chunkTokens tokens of an encoder chunk
 * @param sampleRate of the input
 * @returns a function of the moments handed over so far and of those that have come
 */
export function createChunkGrid(
  chunkTokens: number,
  sampleRate: number,
): (handed: number, moments: number) => boolean {
  const first = samplesForTokens(chunkTokens);
  const step = samplesForTokens(2 * chunkTokens) - first;
  /** The resampler holds back less than this; where there is none, nothing is held back. */
  const held = sampleRate === SAMPLE_RATE ? 0 : SAMPLE_RATE / 100;
  const chunks = (samples: number): number => Math.max(0, Math.floor((samples - first) / step) + 1);
  return (handed, moments) => {
    const before = Math.floor((handed * SAMPLE_RATE) / sampleRate);
    const now = Math.floor((moments * SAMPLE_RATE) / sampleRate);
    // Perhaps whole now, and not surely whole then.
    return chunks(now) > chunks(before - held);
  };
}
