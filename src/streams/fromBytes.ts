import { checkChoice } from '../core/check.ts';
import type { Observable } from 'rxjs';
import { checkAudioFormat, checkChannel } from '../audio/audioFormat.ts';
import { createAudioReader } from '../audio/audioReader.ts';
import type { ByteFormat } from '../audio/audioReader.ts';
import { SAMPLE_ENCODINGS } from '../audio/pcm.ts';
import { speex } from '../audio/speex.ts';
import type { PcmChunk } from '../core/types.ts';
import { closing } from './closing.ts';
import type { ListeningOptions } from './listening.ts';
import { paced } from './paced.ts';
import type { PacingOptions } from './paced.ts';

/** Bytes that come in pieces: a Node `Readable`, a web `ReadableStream`, any iterable or async iterable. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * Reads audio from bytes, cut anywhere, as 16 kHz mono chunks.
 *
 * Nothing is read before the subscription, and never more than a piece ahead. A stream can be read once, so the
 * Observable can be subscribed to once; unsubscribing destroys the stream.
 *
 * Throws `TypeError` or `RangeError` for a wrong option. Errors, after the samples that were good:
 * `SYLSTREAM_ERR_AUDIO_BYTES`, `SYLSTREAM_ERR_AUDIO_NOT_FINITE`, `SYLSTREAM_ERR_AUDIO_EMPTY`, `SYLSTREAM_ERR_AUDIO_SHORT`,
 * those of a WAV file (`SYLSTREAM_ERR_WAV_HEADER`, `SYLSTREAM_ERR_WAV_TRUNCATED`, `SYLSTREAM_ERR_AUDIO_FORMAT`), and
 * whatever the stream itself fails with.
 *
 * ```ts
 * fromBytes(socket, { encoding: 'mulaw', sampleRate: 8_000, channels: 1 }).pipe(logMel());
 * fromBytes(response.body, 'wav').pipe(logMel());
 * ```
 *
 * @param bytes where they come from
 * @param format `'wav'`, or the encoding, rate and channels of raw samples
 */
export function fromBytes(
  bytes: ByteSource,
  format: ByteFormat,
  options: PacingOptions & ListeningOptions = {},
): Observable<PcmChunk> {
  checkByteFormat(format);
  checkChannel(options.channel, format === 'wav' ? undefined : format.channels);
  return paced(
    {
      open: (signal) => closing(bytes, signal),
      read: async () => createAudioReader(format, await speex.load(), options),
    },
    options,
  );
}

/** Throws `TypeError` or `RangeError` for a format that is neither `'wav'` nor raw samples that can be read. */
export function checkByteFormat(format: ByteFormat): void {
  if (format === 'wav') return;
  if (typeof format !== 'object' || format === null) {
    throw new TypeError(
      `format must be 'wav' or {encoding, sampleRate, channels}, got ${String(format)}`,
    );
  }
  checkChoice('encoding', format.encoding, SAMPLE_ENCODINGS);
  checkAudioFormat(format);
}
