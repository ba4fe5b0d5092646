import { PipelineError } from '../core/errors.ts';
import type { PcmChunk } from '../core/types.ts';
import type { AudioFormat } from './audioFormat.ts';
import { createAudioWatch } from './audioWatch.ts';
import { chain } from '../core/chain.ts';
import { createLengthCheck } from './lengthCheck.ts';
import type { Machine } from '../core/machine.ts';
import { createMono } from './mono.ts';
import { createPcmDecoder } from './pcm.ts';
import type { PcmFormat } from './pcm.ts';
import { createSignatureWatch } from './signatureWatch.ts';
import type { Speex } from './speex.ts';
import { createWavDecoder } from './wav.ts';

/** How bytes hold audio: a WAV file, which says itself, or raw samples of a known format. */
export type ByteFormat = 'wav' | PcmFormat;

/** Options of `createAudioReader()`. */
export interface AudioReaderOptions {
  /** The channel to listen to, from 1 on, where the format does not name one. Default: the mean of all. */
  readonly channel?: number | undefined;
  /** Told of what is read but hardly right: `SYLSTREAM_ERR_WAV_SIZE`, `SYLSTREAM_ERR_AUDIO_SUSPECT`. */
  readonly onWarning?: ((warning: PipelineError) => void) | undefined;
  /** Told the format as soon as it is known, before the first sample. */
  readonly onFormat?: ((format: PcmFormat) => void) | undefined;
}

/**
 * Creates a machine that reads the bytes of a recording, in pieces of any length, as 16 kHz mono chunks.
 *
 * Throws the errors of `createWavDecoder` or `createPcmDecoder` and of `createResampler`, `SYLSTREAM_ERR_AUDIO_FORMAT` for a
 * WAV file without the channel that is asked for, all after the samples that were good, and at the end
 * `SYLSTREAM_ERR_AUDIO_EMPTY` or `SYLSTREAM_ERR_AUDIO_SHORT` for less than 25 ms.
 *
 * @throws TypeError, RangeError for a raw format that is not taken
 */
export function createAudioReader(
  format: ByteFormat,
  speex: Speex,
  options: AudioReaderOptions = {},
): Machine<Uint8Array, PcmChunk> {
  const samples =
    format === 'wav'
      ? chain(createWavDecoder(options), createFormatFollower(speex, options))
      : rawReader({ channel: options.channel, ...format }, speex, options);
  return chain(samples, createLengthCheck());
}

function rawReader(
  format: PcmFormat,
  speex: Speex,
  { onWarning, onFormat }: AudioReaderOptions,
): Machine<Uint8Array, PcmChunk> {
  const samples = createPcmDecoder(format.encoding);
  const mono = createMono(format, speex);
  onFormat?.(format);
  if (onWarning === undefined) return chain(samples, mono);
  const watched = chain(samples, chain(createAudioWatch(format, onWarning), mono));
  return chain(createSignatureWatch(onWarning), watched);
}

/** A resampler whose format comes with the stream, before its samples. */
function createFormatFollower(
  speex: Speex,
  { channel, onWarning, onFormat }: AudioReaderOptions,
): Machine<PcmFormat | PcmChunk, PcmChunk> {
  let mono: Machine<PcmChunk, PcmChunk> | undefined;
  return {
    push(value) {
      if ('samples' in value) return mono?.push(value) ?? [];
      onFormat?.(value);
      const format = { ...value, channel };
      checkHasChannel(format);
      const listening = createMono(format, speex);
      mono = onWarning ? chain(createAudioWatch(format, onWarning), listening) : listening;
      return [];
    },
    flush: () => mono?.flush() ?? [],
    release: () => mono?.release?.(),
  };
}

/** Throws `SYLSTREAM_ERR_AUDIO_FORMAT` when a recording lacks the channel to listen to. */
export function checkHasChannel({ channels, channel }: AudioFormat): void {
  if (channel === undefined || channel <= channels) return;
  throw new PipelineError(
    'SYLSTREAM_ERR_AUDIO_FORMAT',
    `expected channel ${channel}, got a recording of ${channels}; name one from 1 to ${channels}`,
  );
}
