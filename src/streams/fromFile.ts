import type { FromFileOptions } from './fromFileOptions.ts';
import type { Observable } from 'rxjs';
import { checkChannel } from '../audio/audioFormat.ts';
import type { PcmChunk } from '../core/types.ts';
import { checkByteFormat } from './fromBytes.ts';
import { openFile } from './openFile.ts';
import { paced } from './paced.ts';

/**
 * Reads a recording as 16 kHz mono chunks, on demand, or in real time by option: a WAV file by itself, anything else (MP3,
 * FLAC, Opus, WAV files with compressed samples, a film's first sound track at the film's times) through the program ffmpeg.
 *
 * Each subscription opens the file for itself; unsubscribing closes it and kills ffmpeg. Throws `TypeError` or `RangeError`
 * for a wrong option. Errors: those of `fromWav()`, `SYLSTREAM_ERR_FFMPEG_MISSING`, and after all that could be read
 * `SYLSTREAM_ERR_FFMPEG_FAILED` and `SYLSTREAM_ERR_AUDIO_CUT`.
 *
 * ```ts
 * speechUnits(fromFile('talk.mp3'), models).subscribe(console.log); // read no faster than it is encoded
 * ```
 */
export function fromFile(path: string, options: FromFileOptions = {}): Observable<PcmChunk> {
  checkChannel(options.channel, options.raw?.channels);
  if (options.raw !== undefined) checkByteFormat(options.raw);
  return paced(
    {
      open: (signal) => openFile(path, options, signal),
      read: async () => ({ push: (chunk: PcmChunk) => [chunk], flush: () => [] }),
    },
    options,
  );
}
