import { PipelineError } from '../errors.ts';
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

/** The encoding for a tag and the bytes that a sample takes, if there is one. */
function encodingOf(tag: number, bytes: number): SampleEncoding | undefined {
  const integers: SampleEncoding[] = ['u8', 's16le', 's24le', 's32le'];
  if (tag === PCM) return integers[bytes - 1];
  if (tag === FLOAT) return bytes === 4 ? 'f32le' : bytes === 8 ? 'f64le' : undefined;
  if (tag === ALAW && bytes === 1) return 'alaw';
  return tag === MULAW && bytes === 1 ? 'mulaw' : undefined;
}

/**
 * Reads the body of a WAV file's `fmt ` chunk, of which the first 40 bytes are enough. `bytes` are those that the chunk
 * really has, up to 40.
 *
 * Throws `SYLSTREAM_ERR_WAV_HEADER` when the fields are too few or contradict each other, and
 * `SYLSTREAM_ERR_AUDIO_FORMAT` when they make sense but are not read here: a rate outside 8 to 192 kHz, more than 6
 * channels, a compressed format.
 */
export function parseWavFormat(bytes: Uint8Array): PcmFormat {
  if (bytes.length < PLAIN_BYTES) {
    throw new PipelineError(
      'SYLSTREAM_ERR_WAV_HEADER',
      `expected a WAV format chunk of at least ${PLAIN_BYTES} bytes, got ${bytes.length}; write the file again`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let tag = view.getUint16(0, true);
  const channels = view.getUint16(2, true);
  const sampleRate = view.getUint32(4, true);
  const frameBytes = view.getUint16(12, true);
  if (tag === EXTENSIBLE && bytes.length >= EXTENSIBLE_BYTES) {
    tag = view.getUint16(GUID_OFFSET, true);
  }
  if (!isSampleRate(sampleRate)) {
    throw unreadable(`a sample rate from 8000 to 192000 Hz`, `${sampleRate} Hz`);
  }
  if (!isChannelCount(channels)) throw unreadable('1 to 6 channels', `${channels}`);
  const encoding = encodingOf(tag, frameBytes / channels);
  if (encoding !== undefined) return { sampleRate, channels, encoding };
  const bits = view.getUint16(14, true);
  if ([PCM, FLOAT, ALAW, MULAW].includes(tag) && frameBytes * 8 !== bits * channels) {
    throw new PipelineError(
      'SYLSTREAM_ERR_WAV_HEADER',
      `expected ${channels} channels of ${bits} bits in a block, got a block of ${frameBytes} bytes; write the file again`,
    );
  }
  throw unreadable(
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
