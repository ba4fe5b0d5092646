import type { Chunk, Chunks } from './chunk.ts';
import { createChunker, tokenLevels } from './chunker.ts';
import type { EncoderShape } from './encoder.ts';
import { melRowLength } from './melRow.ts';
import { createWaveChunker } from './waveChunker.ts';

/** Makes the chunks that an encoder wants. `mel`: the bundle's statistics. */
export function createChunks(
  shape: EncoderShape,
  mel: { readonly mean: number; readonly std: number },
): Chunks {
  if (shape.wave) return createWaveChunker(shape.chunkTokens);
  const { chunkTokens, framesBefore } = shape;
  const repeated = melRowLength(shape, 0);
  const chunker = createChunker({ chunkTokens, ...mel, framesBefore });
  const chunk = (row: Float32Array): Chunk => ({
    row,
    levels: tokenLevels(row.subarray(repeated), mel),
  });
  return {
    push: (block) => chunker.push(block).map(chunk),
    rest: () => chunk(chunker.rest()),
    goOn: chunker.goOn,
  };
}
