import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The recorded speech in `test/fixtures`: two English sentences and a German one, 16 kHz mono. */
export const CLIPS = ['kathleen-a0002', 'kathleen-a0004', 'kerstin-0013'] as const;
/** One of `CLIPS`. */
export type Clip = (typeof CLIPS)[number];

/** The path of a file in `test/fixtures`. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

/** The samples of a clip, `[N]` in [-1, 1], read without the code under test: its header is known to be 44 bytes. */
export function clipSamples(clip: Clip): Float32Array {
  const bytes = readFileSync(fixture(`${clip}.wav`));
  const samples = new Float32Array((bytes.length - 44) / 2);
  for (let i = 0; i < samples.length; i++) samples[i] = bytes.readInt16LE(44 + 2 * i) / 32768;
  return samples;
}

/** A file of little-endian float32 values. */
export function floats(name: string): Float32Array {
  const bytes = readFileSync(fixture(name));
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}
