import type { Control, PcmChunk } from '../core/types.ts';
import { isControl } from '../core/types.ts';
import type { AudioFormat } from './audioFormat.ts';
import type { Machine } from '../core/machine.ts';
import { createResampler } from './resampler.ts';
import type { Speex } from './speex.ts';

/** Creates a `createResampler` machine for a stream without controls: chunks of any format in, 16 kHz mono out. */
export function createMono(format: AudioFormat, speex: Speex): Machine<PcmChunk, PcmChunk> {
  const resampler = createResampler(format, speex);
  function* chunks(values: Iterable<PcmChunk | Control>): Generator<PcmChunk> {
    for (const value of values) if (!isControl(value)) yield value;
  }
  return {
    push: (chunk) => chunks(resampler.push(chunk)),
    flush: () => chunks(resampler.flush()),
    release: () => resampler.release?.(),
  };
}
