import { createReadStream } from 'node:fs';
import { PipelineError } from '../core/errors.ts';
import { scarcityAdvice } from './scarcity.ts';

/** Bytes read from the disk at a time. */
const PIECE_BYTES = 65_536;

/**
 * Reads a file piece by piece, on demand; closes it at the end, on leaving the loop, or at once when the signal comes.
 *
 * A file that is not there, not readable or a folder throws `SYLSTREAM_ERR_FILE_READ`.
 */
export async function* readFile(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const stream = createReadStream(path, { highWaterMark: PIECE_BYTES, signal });
  try {
    for await (const piece of stream) yield piece;
  } catch (error) {
    const advice = scarcityAdvice(error);
    throw new PipelineError(
      'SYLSTREAM_ERR_FILE_READ',
      `expected a readable file at ${path}, got ${error instanceof Error ? error.message : String(error)}` +
        (advice === undefined ? '' : `; ${advice}`),
      { cause: error },
    );
  } finally {
    stream.destroy();
  }
}
