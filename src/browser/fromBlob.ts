import type { Observable } from 'rxjs';
import { checkChannel } from '../audio/audioFormat.ts';
import { checkHasChannel, createAudioReader } from '../audio/audioReader.ts';
import { createMono } from '../audio/mono.ts';
import { speex } from '../audio/speex.ts';
import { looksLikeWav, WAV_SIGNATURE_BYTES } from '../audio/wavSignature.ts';
import { PipelineError } from '../core/errors.ts';
import type { PcmChunk } from '../core/types.ts';
import type { ListeningOptions } from '../streams/listening.ts';
import { paced, type PacingOptions } from '../streams/paced.ts';
import { through } from '../streams/through.ts';
import { decodeSound } from './decodeSound.ts';

/** Bytes read at a time. */
const STEP_BYTES = 256 * 1024;

/**
 * Reads a sound file that a person has chosen or dropped, or that was fetched, as 16 kHz mono chunks: a WAV file on demand by
 * the project's own reader, to the same samples as `fromFile()` in Node; anything else whole, by the browser's decoders.
 *
 * Throws `TypeError` or `RangeError` for a wrong option. Errors: those of `fromWav()`; `SYLSTREAM_ERR_AUDIO_FORMAT` for what the
 * browser does not decode.
 *
 * @example
 * input.addEventListener('change', () => speechUnits(fromBlob(input.files[0]), models).subscribe(console.log));
 */
export function fromBlob(
  blob: Blob,
  options: PacingOptions & ListeningOptions = {},
): Observable<PcmChunk> {
  checkChannel(options.channel);
  if (!(blob instanceof Blob)) throw new TypeError(`blob must be a Blob, got ${typeof blob}`);
  return paced(
    {
      open: () => chunksOf(blob, options),
      read: async () => ({ push: (chunk: PcmChunk) => [chunk], flush: () => [] }),
    },
    options,
  );
}

async function* chunksOf(blob: Blob, options: ListeningOptions): AsyncGenerator<PcmChunk> {
  const wasm = await speex.load();
  const head = new Uint8Array(await blob.slice(0, WAV_SIGNATURE_BYTES).arrayBuffer());
  // No byte at all is an empty recording in any format: the WAV reader says so.
  if (head.length === 0 || looksLikeWav(head)) {
    let isKnown = false;
    const onFormat = (): void => void (isKnown = true);
    try {
      return yield* through(
        bytesOf(blob),
        createAudioReader('wav', wasm, { ...options, onFormat }),
      );
    } catch (error) {
      if (isKnown || !isUnread(error)) throw error; // else the browser may know these samples
    }
  }
  const sound = await decodeSound(new Uint8Array(await blob.arrayBuffer())).catch(
    (cause: unknown) => {
      throw new PipelineError(
        'SYLSTREAM_ERR_AUDIO_FORMAT',
        'expected a sound file that this browser can decode, and it could not; convert it to WAV or FLAC',
        { cause },
      );
    },
  );
  const format = { ...sound.format, channel: options.channel };
  checkHasChannel(format);
  yield* through(samplesOf(sound.pieces()), createMono(format, wasm));
}

async function* bytesOf(blob: Blob): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < blob.size; at += STEP_BYTES) {
    yield new Uint8Array(await blob.slice(at, at + STEP_BYTES).arrayBuffer());
  }
}

function* samplesOf(pieces: Iterable<Float32Array>): Generator<PcmChunk> {
  for (const samples of pieces) yield { samples };
}

function isUnread(error: unknown): boolean {
  return error instanceof PipelineError && error.code === 'SYLSTREAM_ERR_AUDIO_FORMAT';
}
