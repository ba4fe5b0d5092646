import { FRAMES_PER_TOKEN, MEL_BINS } from '../../../src/core/time.ts';
import type { Chunker } from '../../../src/models/encoder/chunker.ts';

/** The chunker as it was before its loop was tightened: the same bits. */
export function createPlainChunker(options: {
  readonly chunkTokens: number;
  readonly mean: number;
  readonly std: number;
}): Pick<Chunker, 'push' | 'rest'> {
  const { chunkTokens, mean, std } = options;
  const size = chunkTokens * FRAMES_PER_TOKEN * MEL_BINS;
  let chunk = new Float32Array(size);
  let filled = 0;

  return {
    push: ({ mel }) => {
      const whole: Float32Array[] = [];
      for (let i = 0; i < mel.length; i++) {
        chunk[filled++] = (0.5 * (mel[i] - mean)) / std;
        if (filled === size) {
          whole.push(chunk);
          chunk = new Float32Array(size);
          filled = 0;
        }
      }
      return whole;
    },
    rest: () => {
      const tokenSize = FRAMES_PER_TOKEN * MEL_BINS;
      return chunk.slice(0, Math.floor(filled / tokenSize) * tokenSize);
    },
  };
}
