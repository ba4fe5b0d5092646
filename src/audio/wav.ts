import { PipelineError } from '../core/errors.ts';
import type { PcmChunk } from '../core/types.ts';
import type { Machine } from '../core/machine.ts';
import { createPcmDecoder } from './pcm.ts';
import type { PcmFormat } from './pcm.ts';
import { splitScale } from './scale.ts';
import { parseWavFormat, WAV_FORMAT_BYTES } from './wavFormat.ts';
import { WAV_SIGNATURE_BYTES, wavForm } from './wavSignature.ts';
import {
  DS64_BYTES,
  isMiscounted,
  isMoreThanPadding,
  looksLikeChunk,
  promisedBytes,
  sizeWarning,
} from './wavSizes.ts';

/** Bytes of a chunk's `name size` (Multimedia Programming Interface 1.0, 1991). */
const CHUNK_BYTES = 8;

/**
 * What the decoder waits for: header bytes of a kind, samples, or nothing more. `unsure` are the bytes behind a data size of
 * 0, `after` a chunk behind the samples, `rest` bytes behind the samples that are none.
 */
type State = 'riff' | 'chunk' | 'ds64' | 'format' | 'unsure' | 'data' | 'after' | 'rest';

/** Options of `createWavDecoder()`. */
export interface WavDecoderOptions {
  /** Told once of sizes that are not the file's: `SYLSTREAM_ERR_WAV_SIZE`. What is there is read all the same. */
  readonly onWarning?: ((warning: PipelineError) => void) | undefined;
}

/**
 * Creates a machine that reads a WAV file as it comes, in pieces of any length: first its format, then its samples,
 * interleaved and in [-1, 1]. It reads PCM of 8 to 32 bits, float of 32 and 64, mu-law and A-law, plain or
 * WAVE_FORMAT_EXTENSIBLE, the big-endian form RIFX, and the forms of long files, RF64 and BW64; sizes may be unknown (a
 * pipe), never filled in (0), or a little too large. It keeps 40 bytes at most: chunks that it does not know are skipped
 * unread, behind the samples too.
 *
 * A parser of our own because every well-kept WAV package for Node wants the whole file in memory.
 *
 * Throws `SYLSTREAM_ERR_WAV_HEADER`, `SYLSTREAM_ERR_AUDIO_FORMAT` (rate, channels, encoding; float samples at the scale of
 * integers, after those before), `SYLSTREAM_ERR_WAV_TRUNCATED` (after the samples that did come), `SYLSTREAM_ERR_AUDIO_BYTES` (part of a sample at the
 * end) and `SYLSTREAM_ERR_AUDIO_EMPTY`.
 */
export function createWavDecoder(
  options: WavDecoderOptions = {},
): Machine<Uint8Array, PcmFormat | PcmChunk> {
  const header = new Uint8Array(WAV_FORMAT_BYTES);
  const view = new DataView(header.buffer);
  let state: State = 'riff';
  /** Header bytes that the state wants, and how many are there. */
  let needed = WAV_SIGNATURE_BYTES;
  let filled = 0;
  /** Bytes to pass over before the state goes on, and those behind a chunk whose beginning is read. */
  let skip = 0;
  let skipAfter = 0;
  let bytesSeen = 0;
  let littleEndian = true;
  const sizes = { wide: false, riffEnd: 0, wideData: 0 };
  let format: PcmFormat | undefined;
  let decoder: Machine<Uint8Array, PcmChunk> | undefined;
  let valuesSeen = 0;
  /** Bytes of samples that the header promises (Infinity: unknown), how many came, and where they begin. */
  let dataBytes = 0;
  let dataSeen = 0;
  let dataStart = 0;
  let padding = 0;
  /** Bytes behind the samples that are no chunks. */
  let restSeen = 0;
  let neverFilledIn = false;

  function enter(next: State, headerBytes: number): void {
    state = next;
    needed = headerBytes;
    filled = 0;
  }

  function readRiff(): void {
    const form = wavForm(header);
    if (form === undefined) {
      throw headerError('a file that begins with RIFF, a size and WAVE', printable(header));
    }
    littleEndian = form.littleEndian;
    sizes.wide = form.wide;
    sizes.riffEnd = view.getUint32(4, littleEndian) + CHUNK_BYTES;
    enter('chunk', CHUNK_BYTES);
  }

  /** Reads so much of a chunk's body, and passes over the rest. */
  function enterBody(next: State, size: number, most: number): void {
    enter(next, Math.min(size, most));
    // Chunks begin at even places.
    skipAfter = size + (size % 2) - needed;
  }

  function passBody(next: State, size: number): void {
    skip = size + (size % 2);
    enter(next, CHUNK_BYTES);
  }

  function readChunk(): void {
    const name = text(header.subarray(0, 4));
    const size = view.getUint32(4, littleEndian);
    if (name === 'data') return readData(size);
    if (name === 'fmt ' && size > 0) return enterBody('format', size, WAV_FORMAT_BYTES);
    if (name === 'ds64' && sizes.wide && size >= DS64_BYTES) {
      return enterBody('ds64', size, DS64_BYTES);
    }
    passBody('chunk', size);
  }

  function readData(size: number): void {
    if (decoder === undefined) throw headerError('a format chunk before the data', 'none');
    dataStart = bytesSeen;
    const promised = promisedBytes(size, sizes, bytesSeen);
    if (promised === undefined) return enter('unsure', CHUNK_BYTES);
    neverFilledIn = size === 0;
    beginSamples(promised);
  }

  function beginSamples(promised: number): void {
    dataBytes = promised;
    padding = promised % 2;
    enter('data', 0);
  }

  function* readSamples(bytes: Uint8Array): Generator<PcmChunk> {
    dataSeen += bytes.length;
    if (dataSeen === dataBytes) {
      skip = padding;
      enter('after', CHUNK_BYTES);
    }
    if (decoder === undefined || format === undefined) return;
    const { sampleRate, channels, encoding } = format;
    for (const { samples } of decoder.push(bytes)) {
      const indexOf = (place: number): number => Math.floor((valuesSeen + place) / channels);
      const isFloat = /^f(?:32|64)/u.test(encoding);
      const { good, error } = isFloat
        ? splitScale(samples, indexOf, sampleRate)
        : { good: samples, error: undefined };
      valuesSeen += good.length;
      if (good.length > 0) yield { samples: good };
      if (error !== undefined) throw error;
    }
  }

  function* readFormat(): Generator<PcmFormat> {
    format = parseWavFormat(header.subarray(0, needed), littleEndian);
    decoder = createPcmDecoder(format.encoding);
    skip = skipAfter;
    enter('chunk', CHUNK_BYTES);
    yield format;
  }

  function readDs64(): void {
    sizes.riffEnd = Number(view.getBigUint64(0, true)) + CHUNK_BYTES;
    sizes.wideData = Number(view.getBigUint64(8, true));
    skip = skipAfter;
    enter('chunk', CHUNK_BYTES);
  }

  /** Eight bytes behind a data chunk: the next chunk, or something else. */
  function* readBehind(isUnsure: boolean): Generator<PcmChunk> {
    const size = view.getUint32(4, littleEndian);
    const left = isUnsure ? sizes.riffEnd - bytesSeen : Infinity;
    if (looksLikeChunk(text(header.subarray(0, 4)), size, left)) {
      return passBody(isUnsure ? 'chunk' : 'after', size);
    }
    if (isUnsure) {
      neverFilledIn = true;
      beginSamples(Infinity);
      yield* readSamples(header.slice(0, CHUNK_BYTES));
    } else {
      restSeen += CHUNK_BYTES;
      enter('rest', 0);
    }
  }

  function* readHeader(bytes: Uint8Array): Generator<PcmFormat | PcmChunk> {
    header.set(bytes, filled);
    filled += bytes.length;
    if (filled < needed) return;
    if (state === 'riff') readRiff();
    else if (state === 'chunk') readChunk();
    else if (state === 'ds64') readDs64();
    else if (state === 'format') yield* readFormat();
    else yield* readBehind(state === 'unsure');
  }

  /** How many of `left` bytes the state takes at once. */
  function wanted(left: number): number {
    if (skip > 0) return Math.min(skip, left);
    if (state === 'rest') return left;
    return Math.min(state === 'data' ? dataBytes - dataSeen : needed - filled, left);
  }

  function* flushSamples(): Generator<PcmChunk> {
    if (dataSeen < dataBytes && dataBytes !== Infinity) {
      if (!isMiscounted(dataBytes, dataSeen, dataStart)) {
        throw new PipelineError(
          'SYLSTREAM_ERR_WAV_TRUNCATED',
          `expected ${dataBytes} bytes of samples, got ${dataSeen}; ` +
            'what came was used, copy the file again for the rest',
        );
      }
      options.onWarning?.(sizeWarning(`${dataBytes} bytes for the ${dataSeen} that are there`));
      return;
    }
    if (dataSeen === 0) throw emptyError('a header and 0 bytes of them');
    if (neverFilledIn) {
      options.onWarning?.(sizeWarning(`0 bytes for the ${dataSeen} that are there`));
      return;
    }
    if (isMoreThanPadding(restSeen)) {
      options.onWarning?.(
        sizeWarning(`${dataBytes} bytes, and ${restSeen} behind them that were not read`),
      );
    }
    if (decoder !== undefined) yield* decoder.flush();
  }

  return {
    *push(bytes) {
      for (let at = 0; at < bytes.length;) {
        const taken = bytes.subarray(at, at + wanted(bytes.length - at));
        at += taken.length;
        bytesSeen += taken.length;
        if (skip > 0) skip -= taken.length;
        else if (state === 'rest') restSeen += taken.length;
        else yield* state === 'data' ? readSamples(taken) : readHeader(taken);
      }
    },
    *flush() {
      if (bytesSeen === 0) throw emptyError('0 bytes');
      const hasData = state === 'data' || state === 'unsure' || dataStart > 0;
      if (decoder === undefined || !hasData) {
        throw headerError('a format and a data chunk', `the end after ${bytesSeen} bytes`);
      }
      yield* flushSamples();
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
