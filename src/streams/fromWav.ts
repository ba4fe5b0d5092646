import type { Observable } from 'rxjs';
import { checkChannel } from '../audio/audioFormat.ts';
import { createAudioReader } from '../audio/audioReader.ts';
import { speex } from '../audio/speex.ts';
import type { PcmChunk } from '../core/types.ts';
import type { ListeningOptions } from './listening.ts';
import { paced } from './paced.ts';
import type { PacingOptions } from './paced.ts';
import { readFile } from './readFile.ts';

/**
 * Reads a WAV file of any rate and 1 to 6 channels as 16 kHz mono chunks, on demand, or in real time by option.
 *
 * Each subscription opens the file for itself and closes it when it ends. Throws `TypeError` or `RangeError` for a wrong option.
 * Errors: `SYLSTREAM_ERR_FILE_READ`, `SYLSTREAM_ERR_WAV_HEADER`, `SYLSTREAM_ERR_AUDIO_FORMAT`, `SYLSTREAM_ERR_AUDIO_EMPTY`,
 * `SYLSTREAM_ERR_AUDIO_SHORT`; after the samples that were good, `SYLSTREAM_ERR_WAV_TRUNCATED`, `SYLSTREAM_ERR_AUDIO_BYTES`
 * and `SYLSTREAM_ERR_AUDIO_NOT_FINITE`.
 *
 * ```ts
 * fromWav('speech.wav', { realtime: true }).pipe(logMel()).subscribe(console.log);
 * ```
 */
export function fromWav(
  path: string,
  options: PacingOptions & ListeningOptions = {},
): Observable<PcmChunk> {
  checkChannel(options.channel);
  return paced(
    {
      open: (signal) => readFile(path, signal),
      read: async () => createAudioReader('wav', await speex.load(), options),
    },
    options,
  );
}
