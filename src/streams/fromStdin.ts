import type { Observable } from 'rxjs';
import { checkChannel } from '../audio/audioFormat.ts';
import { createDetectingReader } from '../audio/detectingReader.ts';
import type { PcmFormat } from '../audio/pcm.ts';
import { speex } from '../audio/speex.ts';
import type { PcmChunk } from '../core/types.ts';
import { closing } from './closing.ts';
import { checkByteFormat } from './fromBytes.ts';
import type { ByteSource } from './fromBytes.ts';
import type { ListeningOptions } from './listening.ts';
import { paced } from './paced.ts';
import type { PacingOptions } from './paced.ts';

/** Options of `fromStdin()`. */
export interface FromStdinOptions extends PacingOptions, ListeningOptions {
  /** What the bytes are when they are no WAV file. Default: they must be one. */
  readonly raw?: PcmFormat | undefined;
  /** Where the bytes come from. Default `process.stdin`. */
  readonly input?: ByteSource | undefined;
}

/**
 * Reads what is piped in as 16 kHz mono chunks: a WAV file, known by its first bytes, else raw samples of the format `raw`.
 *
 * Nothing is read before the subscription; while the gate is shut the writer waits. Standard input can be read once;
 * unsubscribing closes it. Throws `TypeError` or `RangeError` for a wrong option. Errors: those of `fromBytes()`, and
 * `SYLSTREAM_ERR_AUDIO_FORMAT` for bytes that are no WAV file when `raw` is not given.
 *
 * ```ts
 * // arecord -f S16_LE -r 16000 -t raw | node listen.js
 * fromStdin({ raw: { encoding: 's16le', sampleRate: 16_000, channels: 1 } }).pipe(logMel());
 * ```
 */
export function fromStdin(options: FromStdinOptions = {}): Observable<PcmChunk> {
  const { raw, input } = options;
  if (raw !== undefined) checkByteFormat(raw);
  checkChannel(options.channel, raw?.channels);
  return paced(
    {
      open: (signal) => closing(input ?? process.stdin, signal),
      read: async () => createDetectingReader(raw, await speex.load(), options),
    },
    options,
  );
}
