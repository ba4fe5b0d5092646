import { checkNumber } from '../core/check.ts';
import { checkAudioFormat } from './audioFormat.ts';
import type { AudioFormat } from './audioFormat.ts';

/** Bytes of the header that `wavHeader` writes; the samples begin here. */
export const WAV_HEADER_BYTES = 44;
/** What stands for a size that is not known yet, as ffmpeg writes it to a pipe. */
const UNKNOWN_SIZE = 0xffff_ffff;
const BYTES_PER_SAMPLE = 2;

/**
 * Writes the 44-byte header of a WAV file with s16le samples (`encodeS16le`).
 *
 * A recorder that cannot know the length yet leaves `dataBytes` out: the sizes say "unknown", which players and
 * `createWavDecoder` take as "to the end". When it knows, it writes the header again at place 0.
 *
 * @param format rate and channels of the samples that follow
 * @param dataBytes bytes of all samples, 0 to 4,294,967,258, a whole number of moments; unknown by default
 * @throws TypeError, RangeError when a value is out of range
 */
export function wavHeader(format: AudioFormat, dataBytes?: number): Uint8Array {
  checkAudioFormat(format);
  const momentBytes = BYTES_PER_SAMPLE * format.channels;
  const most = UNKNOWN_SIZE - 1 - (WAV_HEADER_BYTES - 8);
  if (dataBytes !== undefined) {
    checkNumber('dataBytes', dataBytes, {
      holds: (size) => size >= 0 && size <= most && size % momentBytes === 0,
      says: `a multiple of ${momentBytes} from 0 to ${most}`,
    });
  }
  const bytes = new Uint8Array(WAV_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  const name = (at: number, text: string): void =>
    bytes.set(
      Array.from(text, (letter) => letter.charCodeAt(0)),
      at,
    );
  name(0, 'RIFF');
  view.setUint32(
    4,
    dataBytes === undefined ? UNKNOWN_SIZE : dataBytes + WAV_HEADER_BYTES - 8,
    true,
  );
  name(8, 'WAVEfmt ');
  view.setUint32(16, 16, true); // bytes of the format chunk
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, format.channels, true);
  view.setUint32(24, format.sampleRate, true);
  view.setUint32(28, format.sampleRate * momentBytes, true);
  view.setUint16(32, momentBytes, true);
  view.setUint16(34, 8 * BYTES_PER_SAMPLE, true);
  name(36, 'data');
  view.setUint32(40, dataBytes ?? UNKNOWN_SIZE, true);
  return bytes;
}
