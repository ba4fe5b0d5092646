/** The rate that Opus always decodes to, and the one to take where nothing tells (most devices run at it). */
const DEFAULT_RATE = 48_000;
/** MPEG-1 rates by index; MPEG-2 has the halves and MPEG-2.5 the quarters (ISO 11172-3, 2.4.2.3). */
const MPEG_RATES = [44_100, 48_000, 32_000];
/** Shift of the rate by version bits 3 (MPEG-1), 2 (MPEG-2), 0 (MPEG-2.5). */
const MPEG_SHIFT: Readonly<Record<number, number>> = { 3: 0, 2: 1, 0: 2 };

/**
 * Reads the sample rate from the first bytes of a FLAC, Ogg Vorbis, Opus or MP3 file; 48,000 for anything else.
 *
 * `decodeAudioData` resamples to its context's rate without a word; asked for at the file's own rate, it leaves the
 * samples alone and the project's resampler does the work.
 */
export function sniffRate(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const is = (at: number, text: string): boolean =>
    at + text.length <= bytes.length &&
    Array.from(text, (letter) => letter.charCodeAt(0)).every((code, n) => bytes[at + n] === code);
  // STREAMINFO follows "fLaC" and a block header of 4 bytes; the rate is the 20 bits from its byte 10 on (RFC 9639, 8.2).
  if (is(0, 'fLaC') && bytes.length >= 22) return plausible(view.getUint32(18) >>> 12);
  // The first page's header is 27 bytes and a table of one entry (RFC 3533, 6); then "\x01vorbis", version, channels, rate.
  if (is(0, 'OggS') && is(28, '\x01vorbis') && bytes.length >= 44) {
    return plausible(view.getUint32(40, true));
  }
  if (is(0, 'ID3') && bytes.length >= 10) return mpegRate(bytes, 10 + syncsafe(bytes));
  return bytes[0] === 0xff ? mpegRate(bytes, 0) : DEFAULT_RATE;
}

/** The length of an ID3v2 tag: four times seven bits (id3.org, ID3v2.4, 3.1). */
function syncsafe(bytes: Uint8Array): number {
  return (bytes[6] << 21) | (bytes[7] << 14) | (bytes[8] << 7) | bytes[9];
}

function mpegRate(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== 0xff || (bytes[at + 1] & 0xe0) !== 0xe0) return DEFAULT_RATE;
  const rate = MPEG_RATES[(bytes[at + 2] >> 2) & 3];
  const shift = MPEG_SHIFT[(bytes[at + 1] >> 3) & 3];
  return rate === undefined || shift === undefined ? DEFAULT_RATE : rate >> shift;
}

/** What browsers take for an OfflineAudioContext (Web Audio, 1.6: at least 8 to 96 kHz). */
function plausible(rate: number): number {
  return rate >= 8_000 && rate <= 96_000 ? rate : DEFAULT_RATE;
}
