import { open } from 'node:fs/promises';
import { concatMap, lastValueFrom, type Observable } from 'rxjs';
import { encodeS16le } from '../audio/pcm.ts';
import { wavHeader } from '../audio/wavWriter.ts';
import { SAMPLE_RATE } from '../core/time.ts';
import type { PcmChunk } from '../core/types.ts';
import { openOutput, writeFailed } from './output.ts';

const FORMAT = { sampleRate: SAMPLE_RATE, channels: 1 };

/**
 * Writes 16 kHz mono as a WAV file while it comes; the sizes in the header are put right at the end, also after an error. `-` is
 * standard output, whose header says that the size is not known.
 *
 * @throws PipelineError `SYLSTREAM_ERR_OUTPUT_WRITE`, and what the source throws
 */
export async function writeWav(pcm$: Observable<PcmChunk>, path: string): Promise<void> {
  const output = await openOutput(path === '-' ? undefined : path);
  let bytes = 0;
  const write = async ({ samples }: PcmChunk): Promise<void> => {
    const data = encodeS16le(samples);
    bytes += data.length;
    await output.write(data);
  };
  try {
    await output.write(wavHeader(FORMAT));
    await lastValueFrom(pcm$.pipe(concatMap(write)), { defaultValue: undefined });
  } finally {
    await output.close();
    if (path !== '-') await correctHeader(path, bytes);
  }
}

async function correctHeader(path: string, bytes: number): Promise<void> {
  try {
    const file = await open(path, 'r+');
    try {
      if ((await file.stat()).isFile()) await file.write(wavHeader(FORMAT, bytes), 0, undefined, 0);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw writeFailed(path, error);
  }
}
