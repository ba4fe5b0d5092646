import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../../test/fixtures');
/** Bytes before the samples of the fixtures' WAV files, and of one 16-bit sample. */
const HEADER_BYTES = 44;

/** The recorded speech of the tests, all clips one after the other: s16le, 16 kHz, mono, to be repeated at will. */
export function speechBytes(): Buffer {
  const clips = readdirSync(FOLDER).filter((name) => /^(kathleen|kerstin).*\.wav$/.test(name));
  if (clips.length === 0) throw new Error(`expected recorded speech in ${FOLDER}, found none`);
  return Buffer.concat(
    clips.map((name) => readFileSync(join(FOLDER, name)).subarray(HEADER_BYTES)),
  );
}

/** `count` samples from sample `first` of the endlessly repeated speech, as bytes. */
export function repeated(speech: Buffer, first: number, count: number): Buffer {
  const start = (2 * first) % speech.length;
  const end = start + 2 * count;
  if (end <= speech.length) return speech.subarray(start, end);
  return Buffer.concat([speech.subarray(start), speech.subarray(0, end - speech.length)]);
}
