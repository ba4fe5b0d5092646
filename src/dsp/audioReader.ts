import type { PcmChunk } from '../types.ts';
import type { AudioFormat } from './audioFormat.ts';
import { chain } from './chain.ts';
import { createLengthCheck } from './lengthCheck.ts';
import type { Machine } from './machine.ts';
import { createMono } from './mono.ts';
import { createPcmDecoder } from './pcm.ts';
import type { PcmFormat } from './pcm.ts';
import type { Speex } from './speex.ts';
import { createWavDecoder } from './wav.ts';

/** How bytes hold audio: a WAV file, which says itself, or raw samples of a known format. */
export type ByteFormat = 'wav' | PcmFormat;

/**
 * Creates a machine that reads the bytes of a recording, in pieces of any length, as 16 kHz mono chunks.
 *
 * Throws the errors of `createWavDecoder` or `createPcmDecoder` and of `createResampler`, all after the samples that were
 * good, and at the end `SYLSTREAM_ERR_AUDIO_EMPTY` or `SYLSTREAM_ERR_AUDIO_SHORT` for less than 25 ms.
 *
 * @throws TypeError, RangeError for a raw format that is not taken
 */
export function createAudioReader(format: ByteFormat, speex: Speex): Machine<Uint8Array, PcmChunk> {
  const samples =
    format === 'wav'
      ? chain(createWavDecoder(), createFormatFollower(speex))
      : chain(createPcmDecoder(format.encoding), createMono(format, speex));
  return chain(samples, createLengthCheck());
}

/** A resampler whose format comes with the stream, before its samples. */
function createFormatFollower(speex: Speex): Machine<AudioFormat | PcmChunk, PcmChunk> {
  let mono: Machine<PcmChunk, PcmChunk> | undefined;
  return {
    push(value) {
      if ('samples' in value) return mono?.push(value) ?? [];
      mono = createMono(value, speex);
      return [];
    },
    flush: () => mono?.flush() ?? [],
    release: () => mono?.release?.(),
  };
}
