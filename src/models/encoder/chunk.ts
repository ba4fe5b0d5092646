import type { MelBlock } from '../../core/types.ts';

/** The input of some tokens, and how loud they are. */
export interface Chunk {
  /** Normalised log-mel `[before + 2n, 128]`, or a wave `[320n + 240]`; never written again. */
  readonly row: Float32Array;
  /** `[n]`: mean natural-log mel energy of each token's frames. */
  readonly levels: Float32Array;
}

/** Cuts frames of any grouping into the encoder's chunks. */
export interface Chunks {
  /** Takes frames and returns the whole chunks that they complete. */
  push(block: MelBlock): Chunk[];
  /** The whole tokens of the chunk that is still partial, 0 to c − 1 of them. */
  rest(): Chunk;
  /** Begins a chunk after these `[before, 128]` frames. */
  goOn(before: Float32Array): void;
}
