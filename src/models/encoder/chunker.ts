import { FRAMES_PER_TOKEN, MEL_BINS } from '../../core/time.ts';
import type { MelBlock } from '../../core/types.ts';
import { melRowLength } from './melRow.ts';

/** Cuts mel frames of any grouping into the encoder's chunks. */
export interface Chunker {
  /** Takes frames and returns the whole chunks that they complete, each `[before + 2c, 128]` normalised, never written again. */
  push(block: MelBlock): Float32Array[];
  /** The whole tokens of the chunk that is still partial, `[before + 2n, 128]` normalised, 0 <= n < c. */
  rest(): Float32Array;
  /** Begins a chunk after these `[before, 128]` frames. */
  goOn(before: Float32Array): void;
}

/**
 * Collects frames into chunks of `chunkTokens` tokens and normalises them as the encoder was trained:
 * 0.5 · (logmel − mean) / std (AST front end, arXiv 2104.01778).
 */
export function createChunker(options: {
  readonly chunkTokens: number;
  readonly mean: number;
  readonly std: number;
  /** Frames of the past that every chunk repeats; 0 before the stream's start. */
  readonly framesBefore?: number | undefined;
}): Chunker {
  const { chunkTokens, mean, std, framesBefore = 0 } = options;
  const rows = { wave: false, framesBefore };
  const repeated = melRowLength(rows, 0);
  const size = melRowLength(rows, chunkTokens);
  let chunk = new Float32Array(size);
  let filled = repeated;

  function begin(before: Float32Array): void {
    chunk = new Float32Array(size);
    chunk.set(before);
    filled = repeated;
  }

  return {
    push: ({ mel }) => {
      const whole: Float32Array[] = [];
      for (let at = 0; at < mel.length;) {
        const end = Math.min(mel.length, at + size - filled);
        while (at < end) chunk[filled++] = (0.5 * (mel[at++] - mean)) / std;
        if (filled < size) break;
        whole.push(chunk);
        begin(chunk.subarray(size - repeated));
      }
      return whole;
    },
    rest: () => {
      const tokenSize = FRAMES_PER_TOKEN * MEL_BINS;
      return chunk.slice(0, repeated + Math.floor((filled - repeated) / tokenSize) * tokenSize);
    },
    goOn: begin,
  };
}

/** The level of each token of normalised frames `[2n, 128]`: the mean of the natural-log mel energies of its frames, `[n]`. */
export function tokenLevels(
  chunk: Float32Array,
  { mean, std }: { readonly mean: number; readonly std: number },
): Float32Array {
  const size = FRAMES_PER_TOKEN * MEL_BINS;
  const levels = new Float32Array(chunk.length / size);
  for (let token = 0; token < levels.length; token++) {
    let sum = 0;
    for (let i = token * size; i < (token + 1) * size; i++) sum += chunk[i];
    levels[token] = (2 * std * sum) / size + mean;
  }
  return levels;
}
