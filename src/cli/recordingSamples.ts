import { open } from 'node:fs/promises';
import { defer, lastValueFrom, toArray } from 'rxjs';
import { bytesPerSample } from '../audio/pcm.ts';
import { createWavDecoder } from '../audio/wav.ts';
import { mergeInOrder } from '../streams/mergeInOrder.ts';
import { SAMPLE_RATE } from '../core/time.ts';

/** Bytes in which a WAV file's header is looked for. */
const HEAD_BYTES = 4_096;

/** Files that are looked into at the same time. */
const PARALLEL = 8;

/** The same for each of several recordings, in their order; few are open at a time. */
export function allRecordingSamples(paths: readonly string[]): Promise<(number | undefined)[]> {
  const lengths = paths.map((path) => defer(() => recordingSamples(path)));
  return lastValueFrom(mergeInOrder(lengths, PARALLEL).pipe(toArray()));
}

/** About how many samples at 16 kHz a recording has, from its header and size; undefined where they do not say. */
export async function recordingSamples(path: string): Promise<number | undefined> {
  if (path === '-') return undefined;
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
      for (const value of createWavDecoder().push(buffer.subarray(0, bytesRead))) {
        if ('samples' in value) break;
        const moments = size / (value.channels * bytesPerSample(value.encoding));
        return Math.round(moments * (SAMPLE_RATE / value.sampleRate));
      }
    } finally {
      await file.close();
    }
  } catch {
    // Only for a progress bar: whoever reads the recording itself will say what is wrong with it.
  }
  return undefined;
}
