import { PipelineError } from '../core/errors.ts';
import type { PcmChunk } from '../core/types.ts';
import { createAudioReader } from './audioReader.ts';
import type { AudioReaderOptions } from './audioReader.ts';
import type { Machine } from '../core/machine.ts';
import type { PcmFormat } from './pcm.ts';
import type { Speex } from './speex.ts';
import { looksLikeWav, WAV_SIGNATURE_BYTES } from './wavSignature.ts';

/**
 * Creates a machine like `createAudioReader` that finds out by itself what comes: a WAV file if the first twelve bytes say
 * so, else raw samples of the format `raw`. Without `raw`, anything but a WAV file throws `SYLSTREAM_ERR_AUDIO_FORMAT`.
 *
 * @throws TypeError, RangeError for a raw format that is not taken
 */
export function createDetectingReader(
  raw: PcmFormat | undefined,
  speex: Speex,
  options: AudioReaderOptions = {},
): Machine<Uint8Array, PcmChunk> {
  const head = new Uint8Array(WAV_SIGNATURE_BYTES);
  let filled = 0;
  let reader: Machine<Uint8Array, PcmChunk> | undefined;

  function* begin(): Generator<PcmChunk> {
    const first = head.subarray(0, filled);
    // No byte at all is an empty recording in any format: the WAV reader says so.
    const isWav = filled === 0 || looksLikeWav(first);
    if (!isWav && raw === undefined) throw undeclared(first);
    reader = createAudioReader(isWav ? 'wav' : (raw ?? 'wav'), speex, options);
    yield* reader.push(first);
  }

  return {
    *push(bytes) {
      let at = 0;
      if (reader === undefined) {
        at = Math.min(WAV_SIGNATURE_BYTES - filled, bytes.length);
        head.set(bytes.subarray(0, at), filled);
        filled += at;
        if (filled < WAV_SIGNATURE_BYTES) return;
        yield* begin();
      }
      if (reader !== undefined) yield* reader.push(bytes.subarray(at));
    },
    *flush() {
      if (reader === undefined) yield* begin();
      if (reader !== undefined) yield* reader.flush();
    },
    release: () => reader?.release?.(),
  };
}

function undeclared(head: Uint8Array): PipelineError {
  const hex = Array.from(head, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return new PipelineError(
    'SYLSTREAM_ERR_AUDIO_FORMAT',
    `expected a WAV file, got bytes that begin ${hex}; ` +
      'declare the encoding, rate and channels of raw samples, or pipe the recording through ffmpeg -f wav',
  );
}
