import { FRAMES_PER_TOKEN, HOP_SAMPLES, MEL_BINS, WINDOW_SAMPLES } from '../../core/time.ts';
import type { MelBlock } from '../../core/types.ts';
import type { Chunk, Chunks } from './chunk.ts';
import { melRowLength } from './melRow.ts';

/** What a wave's row is made of. */
const SHAPE = { wave: true, framesBefore: 0 } as const;

/**
 * Collects the samples of frames into chunks of `chunkTokens` tokens, for an encoder that hears the waveform, and the levels
 * of the tokens from their log-mel.
 */
export function createWaveChunker(chunkTokens: number): Chunks {
  const frames = FRAMES_PER_TOKEN * chunkTokens;
  let row = new Float32Array(melRowLength(SHAPE, chunkTokens));
  let sums = new Float32Array(frames);
  let filled = 0; // frames

  /** The first tokens of what is collected. */
  function chunk(tokens: number): Chunk {
    const levels = new Float32Array(tokens);
    for (let t = 0; t < tokens; t++) {
      levels[t] = (sums[2 * t] + sums[2 * t + 1]) / (FRAMES_PER_TOKEN * MEL_BINS);
    }
    return { row: row.slice(0, melRowLength(SHAPE, tokens)), levels };
  }

  return {
    push({ mel, wave, frames: all }: MelBlock) {
      if (!wave)
        throw new TypeError(
          'expected blocks with their samples for an encoder that hears the waveform: logMel({ wave: encoder.shape.wave })',
        );
      const whole: Chunk[] = [];
      for (let at = 0; at < all;) {
        const count = Math.min(frames - filled, all - at);
        const first = at * HOP_SAMPLES;
        const samples = wave.subarray(first, first + (count - 1) * HOP_SAMPLES + WINDOW_SAMPLES);
        row.set(samples, filled * HOP_SAMPLES);
        for (let f = 0; f < count; f++) {
          let sum = 0;
          for (let i = (at + f) * MEL_BINS; i < (at + f + 1) * MEL_BINS; i++) sum += mel[i];
          sums[filled + f] = sum;
        }
        at += count;
        filled += count;
        if (filled < frames) break;
        whole.push(chunk(chunkTokens));
        filled = 0;
      }
      return whole;
    },
    rest: () => chunk(Math.floor(filled / FRAMES_PER_TOKEN)),
    goOn: () => {
      row = new Float32Array(row.length);
      sums = new Float32Array(frames);
      filled = 0; // the samples of the chunk come again, all of them
    },
  };
}
