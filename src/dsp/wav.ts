import { PipelineError } from '../errors.ts';
import type { PcmChunk } from '../types.ts';
import type { Machine } from './machine.ts';
import { createPcmDecoder } from './pcm.ts';
import type { PcmFormat } from './pcm.ts';
import { parseWavFormat, WAV_FORMAT_BYTES } from './wavFormat.ts';
import { looksLikeWav, WAV_SIGNATURE_BYTES } from './wavSignature.ts';

/** Bytes of a chunk's `name size` (Multimedia Programming Interface 1.0, 1991). */
const CHUNK_BYTES = 8;
/** Data sizes that writers to a pipe put because they cannot know better: ffmpeg and ours, SoX, arecord (two). */
const UNKNOWN_SIZES: readonly number[] = [0xffff_ffff, 0x7fff_f000, 0x7fff_ffff, 0x8000_0000];

/** What the decoder waits for: a number of header bytes, samples, or nothing more. */
type State = 'riff' | 'chunk' | 'format' | 'data' | 'done';

/**
 * Creates a machine that reads a WAV file as it comes, in pieces of any length: first its format, then its samples,
 * interleaved and in [-1, 1]. It reads PCM of 8 to 32 bits, float of 32 and 64, mu-law and A-law, plain or
 * WAVE_FORMAT_EXTENSIBLE, and the RF64 form of long files; sizes may be unknown (a pipe). It keeps 40 bytes at most: chunks
 * that it does not know are skipped unread.
 *
 * A parser of our own because every well-kept WAV package for Node wants the whole file in memory.
 *
 * Throws `SYLSTREAM_ERR_WAV_HEADER`, `SYLSTREAM_ERR_AUDIO_FORMAT` (rate, channels, encoding),
 * `SYLSTREAM_ERR_WAV_TRUNCATED` (after the samples that did come), `SYLSTREAM_ERR_AUDIO_BYTES` (part of a sample at the
 * end) and `SYLSTREAM_ERR_AUDIO_EMPTY`.
 */
export function createWavDecoder(): Machine<Uint8Array, PcmFormat | PcmChunk> {
  const header = new Uint8Array(WAV_FORMAT_BYTES);
  const view = new DataView(header.buffer);
  let state: State = 'riff';
  /** Header bytes that the state wants, and how many are there. */
  let needed = WAV_SIGNATURE_BYTES;
  let filled = 0;
  /** Bytes to pass over before the state goes on. */
  let skip = 0;
  let skipAfterFormat = 0;
  let bytesSeen = 0;
  let riffEnd = 0;
  let decoder: Machine<Uint8Array, PcmChunk> | undefined;
  /** Bytes of samples that the header promises (Infinity: unknown), and how many came. */
  let dataBytes = 0;
  let dataSeen = 0;

  function enter(next: State, headerBytes: number): void {
    state = next;
    needed = headerBytes;
    filled = 0;
  }

  function readRiff(): void {
    if (!looksLikeWav(header)) {
      throw headerError('a file that begins with RIFF, a size and WAVE', printable(header));
    }
    riffEnd = view.getUint32(4, true) + CHUNK_BYTES;
    enter('chunk', CHUNK_BYTES);
  }

  function readChunk(): void {
    const name = text(header.subarray(0, 4));
    const size = view.getUint32(4, true);
    // Chunks begin at even places.
    const padded = size + (size % 2);
    if (name === 'data') {
      if (decoder === undefined) throw headerError('a format chunk before the data', 'none');
      // A size of 0 in a file that claims to end here was never filled in.
      const unknown = UNKNOWN_SIZES.includes(size) || (size === 0 && riffEnd <= bytesSeen);
      dataBytes = unknown ? Infinity : size;
      enter(dataBytes > 0 ? 'data' : 'done', 0);
    } else if (name === 'fmt ' && size > 0) {
      enter('format', Math.min(size, WAV_FORMAT_BYTES));
      skipAfterFormat = padded - needed;
    } else {
      skip = padded;
      enter('chunk', CHUNK_BYTES);
    }
  }

  function* readSamples(bytes: Uint8Array): Generator<PcmChunk> {
    dataSeen += bytes.length;
    if (dataSeen === dataBytes) state = 'done';
    if (decoder !== undefined) yield* decoder.push(bytes);
  }

  function* readHeader(bytes: Uint8Array): Generator<PcmFormat> {
    header.set(bytes, filled);
    filled += bytes.length;
    if (filled < needed) return;
    if (state === 'riff') return readRiff();
    if (state === 'chunk') return readChunk();
    const format = parseWavFormat(header.subarray(0, needed));
    decoder = createPcmDecoder(format.encoding);
    skip = skipAfterFormat;
    enter('chunk', CHUNK_BYTES);
    yield format;
  }

  return {
    *push(bytes) {
      for (let at = 0; at < bytes.length && state !== 'done';) {
        const wanted = skip > 0 ? skip : state === 'data' ? dataBytes - dataSeen : needed - filled;
        const taken = bytes.subarray(at, Math.min(at + wanted, bytes.length));
        at += taken.length;
        bytesSeen += taken.length;
        if (skip > 0) skip -= taken.length;
        else yield* state === 'data' ? readSamples(taken) : readHeader(taken);
      }
    },
    *flush() {
      if (bytesSeen === 0) throw emptyError('0 bytes');
      if (decoder === undefined || (state !== 'data' && state !== 'done')) {
        throw headerError('a format and a data chunk', `the end after ${bytesSeen} bytes`);
      }
      if (dataSeen < dataBytes && dataBytes !== Infinity) {
        throw new PipelineError(
          'SYLSTREAM_ERR_WAV_TRUNCATED',
          `expected ${dataBytes} bytes of samples, got ${dataSeen}; ` +
            'what came was used, copy the file again for the rest',
        );
      }
      if (dataSeen === 0) throw emptyError('a header and 0 bytes of them');
      yield* decoder.flush();
    },
  };
}

function headerError(expected: string, got: string): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_WAV_HEADER',
    `expected ${expected}, got ${got}; is this a WAV file?`,
  );
}

function emptyError(got: string): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_AUDIO_EMPTY',
    `expected a WAV file with samples in it, got ${got}; record it again`,
  );
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function printable(header: Uint8Array): string {
  return JSON.stringify(text(header.subarray(0, WAV_SIGNATURE_BYTES)).replace(/[^ -~]/gu, '?'));
}
