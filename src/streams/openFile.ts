import type { AudioFormat } from '../audio/audioFormat.ts';
import { createAudioReader } from '../audio/audioReader.ts';
import type { AudioReaderOptions } from '../audio/audioReader.ts';
import { createDetectingReader } from '../audio/detectingReader.ts';
import { speex as wasm } from '../audio/speex.ts';
import { looksLikeWav, WAV_SIGNATURE_BYTES } from '../audio/wavSignature.ts';
import { PipelineError } from '../core/errors.ts';
import type { PcmChunk } from '../core/types.ts';
import { SAMPLE_RATE } from '../core/time.ts';
import { decodeWithFfmpeg } from './ffmpeg.ts';
import type { FromFileOptions } from './fromFileOptions.ts';
import { peek } from './peek.ts';
import { readFile } from './readFile.ts';
import { through } from './through.ts';

/**
 * Opens a recording as 16 kHz mono chunks. A WAV file goes to the project's own reader, whether raw samples are declared or
 * not; other files are the raw samples that are declared, or go to ffmpeg, and so does a WAV file whose format makes sense but
 * is not read here. One whose header contradicts itself is refused: no one can know what it means.
 */
export async function* openFile(
  path: string,
  options: FromFileOptions,
  signal: AbortSignal,
  onFormat?: (format: AudioFormat) => void,
): AsyncGenerator<PcmChunk> {
  const { ffmpeg: program = 'ffmpeg', raw, channel, onWarning } = options;
  const { head, all } = await peek(readFile(path, signal), WAV_SIGNATURE_BYTES);
  if (head.length === 0) {
    await all.return(undefined);
    throw new PipelineError(
      'SYLSTREAM_ERR_AUDIO_EMPTY',
      `expected a recording at ${path}, got an empty file; record it again`,
    );
  }
  const speex = await wasm.load();
  let why: string | undefined;
  if (looksLikeWav(head) || raw !== undefined) {
    let isKnown = false;
    const reading: AudioReaderOptions = {
      channel,
      onWarning,
      onFormat: (format) => {
        isKnown = true;
        onFormat?.(format);
      },
    };
    try {
      return yield* through(all, createDetectingReader(raw, speex, reading));
    } catch (error) {
      if (isKnown || !isUnreadFormat(error)) throw error;
      why = error.message;
    }
  } else await all.return(undefined);
  const decoded = await decodeWithFfmpeg({ path, program, signal, channel, why });
  onFormat?.(decoded.format);
  const reading = { channel: decoded.channel, onWarning };
  yield* through(decoded.bytes, createAudioReader('wav', speex, reading));
}

/**
 * The rate and channels that a recording has, as far as its beginning tells.
 *
 * Throws what opening it throws.
 */
export async function fileFormat(path: string, options: FromFileOptions): Promise<AudioFormat> {
  const leaving = new AbortController();
  let found: AudioFormat | undefined;
  const chunks = openFile(path, options, leaving.signal, (format) => (found = format));
  try {
    await chunks.next();
  } catch (error) {
    // What is wrong behind the format is told by whoever reads it.
    if (found === undefined) throw error;
  } finally {
    leaving.abort();
    await chunks.return(undefined).catch(() => undefined); // a file that is closed in mid-read says so
  }
  return found ?? { sampleRate: SAMPLE_RATE, channels: 1 };
}

function isUnreadFormat(error: unknown): error is PipelineError {
  return error instanceof PipelineError && error.code === 'SYLSTREAM_ERR_AUDIO_FORMAT';
}
