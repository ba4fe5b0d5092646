import { PipelineError } from '../core/errors.ts';
import { isChannelCount, isSampleRate } from './audioFormat.ts';
import type { PcmFormat, SampleEncoding } from './pcm.ts';

/** Format tags (RFC 2361). */
const PCM = 1;
const FLOAT = 3;
const ALAW = 6;
const MULAW = 7;
const EXTENSIBLE = 0xfffe;
/** Bytes of the plain format chunk, and of the extensible one, whose last 16 are a GUID that begins with the tag. */
const PLAIN_BYTES = 16;
const EXTENSIBLE_BYTES = 40;
const GUID_OFFSET = 24;

/** The most bytes of a format chunk that `parseWavFormat` looks at. */
export const WAV_FORMAT_BYTES: number = EXTENSIBLE_BYTES;

const INTEGERS = {
  little: ['u8', 's16le', 's24le', 's32le'],
  big: ['u8', 's16be', 's24be', 's32be'],
} as const;

/** The encoding for a tag and the bytes that a sample takes, if there is one. */
function encodingOf(tag: number, bytes: number, littleEndian: boolean): SampleEncoding | undefined {
  if (tag === PCM) return INTEGERS[littleEndian ? 'little' : 'big'][bytes - 1];
  if (tag === FLOAT && bytes === 4) return littleEndian ? 'f32le' : 'f32be';
  if (tag === FLOAT && bytes === 8) return littleEndian ? 'f64le' : 'f64be';
  if (tag === ALAW && bytes === 1) return 'alaw';
  return tag === MULAW && bytes === 1 ? 'mulaw' : undefined;
}

/** What a header says in three ways: bytes of a moment, one sample of every channel. */
interface MomentClaims {
  readonly channels: number;
  readonly bits: number;
  /** By the bits of a sample, by the block align, and by the bytes of a second. */
  readonly byBits: number;
  readonly byBlock: number;
  readonly bySecond: number;
}

/**
 * The bytes that two of the three claims agree on. Block and second alone are believed only for 17 to 24 bits in
 * containers of four bytes, which some write without saying so; any other block may as well hold other channels.
 */
function momentBytes({
  channels,
  bits,
  byBits,
  byBlock,
  bySecond,
}: MomentClaims): number | undefined {
  if (byBits === byBlock || byBits === bySecond) return byBits;
  const padded = bits > 16 && bits <= 24 && byBlock === 4 * channels;
  return padded && byBlock === bySecond ? byBlock : undefined;
}

/**
 * Reads the body of a WAV file's `fmt ` chunk, of which the first 40 bytes are enough. `bytes` are those that the chunk
 * really has, up to 40.
 *
 * Throws `SYLSTREAM_ERR_WAV_HEADER` when the fields are too few or contradict each other (bits, block and bytes a second
 * must agree, two of them at least), and `SYLSTREAM_ERR_AUDIO_FORMAT` when they make sense but are not read here: a rate
 * outside 8 to 192 kHz, more than 6 channels, a compressed format.
 */
export function parseWavFormat(bytes: Uint8Array, littleEndian: boolean = true): PcmFormat {
  if (bytes.length < PLAIN_BYTES) {
    throw new PipelineError(
      'SYLSTREAM_ERR_WAV_HEADER',
      `expected a WAV format chunk of at least ${PLAIN_BYTES} bytes, got ${bytes.length}; write the file again`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let tag = view.getUint16(0, littleEndian);
  const channels = view.getUint16(2, littleEndian);
  const sampleRate = view.getUint32(4, littleEndian);
  const byBlock = view.getUint16(12, littleEndian);
  const bits = view.getUint16(14, littleEndian);
  if (tag === EXTENSIBLE && bytes.length >= EXTENSIBLE_BYTES) {
    tag = view.getUint16(GUID_OFFSET, littleEndian);
  }
  if (!isSampleRate(sampleRate)) {
    throw unreadable(`a sample rate from 8000 to 192000 Hz`, `${sampleRate} Hz`);
  }
  if (!isChannelCount(channels)) throw unreadable('1 to 6 channels', `${channels}`);
  if (![PCM, FLOAT, ALAW, MULAW].includes(tag)) throw unknownFormat(tag, bits);
  const isG711 = tag === ALAW || tag === MULAW;
  const moment = momentBytes({
    channels,
    bits,
    byBits: channels * (isG711 ? 1 : Math.ceil(bits / 8)),
    byBlock,
    bySecond: view.getUint32(8, littleEndian) / sampleRate,
  });
  if (moment === undefined) {
    throw new PipelineError(
      'SYLSTREAM_ERR_WAV_HEADER',
      `expected ${channels} channels of ${bits} bits in a block, got a block of ${byBlock} bytes; write the file again`,
    );
  }
  const encoding = encodingOf(tag, moment / channels, littleEndian);
  if (encoding === undefined) throw unknownFormat(tag, bits);
  return { sampleRate, channels, encoding };
}

function unknownFormat(tag: number, bits: number): PipelineError {
  return unreadable(
    'PCM of 8, 16, 24 or 32 bits, float of 32 or 64, mu-law or A-law',
    `WAV format ${tag} with ${bits} bits`,
  );
}

function unreadable(expected: string, got: string): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_AUDIO_FORMAT',
    `expected ${expected}, got ${got}; convert the file: ffmpeg -i FILE -ac 1 -ar 16000 OUT.wav`,
  );
}
