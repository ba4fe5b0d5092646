import type { Observable } from 'rxjs';
import { createAudioReader } from '../dsp/audioReader.ts';
import { speex } from '../dsp/speex.ts';
import { looksLikeWav, WAV_SIGNATURE_BYTES } from '../dsp/wavSignature.ts';
import { PipelineError } from '../errors.ts';
import type { PcmChunk } from '../types.ts';
import { decodeWithFfmpeg } from './ffmpeg.ts';
import { paced } from './paced.ts';
import type { PacingOptions } from './paced.ts';
import { peek } from './peek.ts';
import { readFile } from './readFile.ts';

/** Options of `fromFile()`. */
export interface FromFileOptions extends PacingOptions {
  /** The program that reads what is no WAV file, a name or a path. Default `ffmpeg`. */
  readonly ffmpeg?: string | undefined;
}

/**
 * Reads a recording as 16 kHz mono chunks, on demand, or in real time by option: a WAV file by itself, anything else (MP3,
 * FLAC, Opus, a film's first sound track) through the program ffmpeg.
 *
 * Each subscription opens the file for itself; unsubscribing closes it and kills ffmpeg. Throws `RangeError` for a wrong
 * option. Errors: those of `fromWav()`, `SYLSTREAM_ERR_FFMPEG_MISSING` and `SYLSTREAM_ERR_FFMPEG_FAILED`.
 *
 * ```ts
 * speechUnits(fromFile('talk.mp3'), models).subscribe(console.log); // read no faster than it is encoded
 * ```
 */
export function fromFile(path: string, options: FromFileOptions = {}): Observable<PcmChunk> {
  const { ffmpeg = 'ffmpeg' } = options;
  return paced(
    {
      open: (signal) => openFile(path, ffmpeg, signal),
      read: async () => createAudioReader('wav', await speex.load()),
    },
    options,
  );
}

/** The bytes of a WAV file: the file's own, or ffmpeg's. */
async function* openFile(
  path: string,
  ffmpeg: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const file = readFile(path, signal);
  const { head, all } = await peek(file, WAV_SIGNATURE_BYTES);
  if (looksLikeWav(head)) return yield* all;
  await file.return(undefined);
  if (head.length === 0) {
    throw new PipelineError(
      'SYLSTREAM_ERR_AUDIO_EMPTY',
      `expected a recording at ${path}, got an empty file; record it again`,
    );
  }
  yield* decodeWithFfmpeg(path, ffmpeg, signal);
}
