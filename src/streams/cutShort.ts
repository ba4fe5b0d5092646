import { open } from 'node:fs/promises';
import { MAX_OGG_PAGE_BYTES, oggEnd } from '../audio/oggEnd.ts';
import { PipelineError } from '../core/errors.ts';

/** Encoders' delays, padding and rounded times stay well below this. */
const TOLERATED_SECONDS = 0.5;

/** What is known of a file's sound when all of it is read. */
export interface Heard {
  readonly path: string;
  /** That came. */
  readonly seconds: number;
  /** That the file says it has, where it does. */
  readonly claimed: number | undefined;
}

/**
 * Looks whether a file that was decoded without complaint came to its end: a cut between two packets is no damage to a
 * decoder, only missing sound.
 *
 * Throws `SYLSTREAM_ERR_AUDIO_CUT` when it is shorter than it says, or an Ogg file whose last page is not its last.
 */
export async function checkEnd({ path, seconds, claimed }: Heard): Promise<void> {
  if (claimed !== undefined && seconds < claimed - TOLERATED_SECONDS) {
    throw cut(path, `${claimed.toFixed(2)} s, as its header says, got ${seconds.toFixed(2)} s`);
  }
  const end = oggEnd(await tailOf(path));
  if (end === 'open') {
    throw cut(path, 'an end, got a last page that is not marked so: cut, or live and never closed');
  }
  if (end === 'cut') throw cut(path, 'whole pages, got a part of the last one');
}

/** The last bytes of an Ogg file; none of anything else. */
async function tailOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const stat = await file.stat();
    const head = Buffer.alloc(4);
    if (!stat.isFile() || (await file.read(head, 0, 4, 0)).bytesRead < 4)
      return head.subarray(0, 0);
    if (head.toString('latin1') !== 'OggS') return head.subarray(0, 0);
    const length = Math.min(stat.size, MAX_OGG_PAGE_BYTES);
    const tail = Buffer.alloc(length);
    const { bytesRead } = await file.read(tail, 0, length, stat.size - length);
    return tail.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function cut(path: string, words: string): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_AUDIO_CUT',
    `expected of ${path} ${words}; what is there was used, copy the file again if there should be more`,
  );
}
