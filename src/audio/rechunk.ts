import type { PcmChunk } from '../core/types.ts';
import type { Machine } from '../core/machine.ts';

/**
 * Creates a machine that gives the same samples in chunks of `chunkSamples`, the last one shorter. It keeps less than
 * one chunk.
 */
export function createRechunker(chunkSamples: number): Machine<PcmChunk, PcmChunk> {
  let chunk = new Float32Array(chunkSamples);
  let filled = 0;
  return {
    *push({ samples }) {
      for (let at = 0; at < samples.length;) {
        const part = samples.subarray(at, at + chunkSamples - filled);
        chunk.set(part, filled);
        at += part.length;
        filled += part.length;
        if (filled < chunkSamples) return;
        yield { samples: chunk };
        chunk = new Float32Array(chunkSamples);
        filled = 0;
      }
    },
    *flush() {
      if (filled > 0) yield { samples: chunk.subarray(0, filled) };
      filled = 0;
    },
  };
}
