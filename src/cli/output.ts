import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { concat, concatMap, defer, filter, ignoreElements, type Observable } from 'rxjs';
import { PipelineError } from '../core/errors.ts';
import { BrokenPipe } from './exitCodes.ts';

/** Where results go: standard output, or a file. */
export interface Output {
  /** Resolves when the system has taken it. */
  write(data: string | Uint8Array): Promise<void>;
  /** Resolves when everything is in the file. */
  close(): Promise<void>;
}

/**
 * Opens an output; without a path it is standard output.
 *
 * @throws PipelineError SYLSTREAM_ERR_OUTPUT_WRITE, here or from `write` and `close`, when the file cannot be made
 *   or the disk is full; BrokenPipe when nobody reads standard output any more
 */
export async function openOutput(path?: string): Promise<Output> {
  const name = path ?? 'standard output';
  if (path === undefined) return outputTo(process.stdout, name, async () => {});
  const stream = createWriteStream(path);
  try {
    await once(stream, 'open');
  } catch (error) {
    throw writeFailed(name, error);
  }
  return outputTo(stream, name, () => new Promise((resolve) => stream.close(() => resolve())));
}

function outputTo(stream: Writable, name: string, close: () => Promise<void>): Output {
  let broken: unknown;
  const remember = (error: unknown): void => {
    broken ??= error;
  };
  stream.on('error', remember); // each write reports its own failure; without a listener the process would end
  return {
    write: (data) =>
      new Promise((resolve, reject) => {
        if (broken !== undefined) return reject(writeFailed(name, broken));
        stream.write(data, (error) => (error ? reject(writeFailed(name, error)) : resolve()));
      }),
    close: async () => {
      await close();
      if (broken !== undefined) throw writeFailed(name, broken);
    },
  };
}

/** What a failed write is called: a broken pipe, or SYLSTREAM_ERR_OUTPUT_WRITE. */
export function writeFailed(name: string, cause: unknown): Error {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'EPIPE') return new BrokenPipe('nobody reads the output any more', { cause });
  const advice =
    code === 'ENOSPC'
      ? 'free some space or name another place'
      : 'name a place that can be written';
  const why = cause instanceof Error ? cause.message : String(cause);
  return new PipelineError(
    'SYLSTREAM_ERR_OUTPUT_WRITE',
    `expected to write to ${name}, got ${why}; ${advice}`,
    { cause },
  );
}

/**
 * Writes pieces as they come, into a file that is made with the first of them; emits nothing. Where there was no piece,
 * `evenEmpty` is asked at the end whether the file is made all the same; default yes.
 */
export function writeTo(
  pieces$: Observable<string | Uint8Array>,
  path?: string,
  evenEmpty: () => boolean = () => true,
): Observable<never> {
  return defer(() => {
    let output: Output | undefined;
    const write = async (piece: string | Uint8Array): Promise<void> => {
      output ??= await openOutput(path);
      await output.write(piece);
    };
    const finish = async (): Promise<void> => {
      if (output === undefined && evenEmpty()) output = await openOutput(path);
      await output?.close();
    };
    return concat(
      pieces$.pipe(
        filter((piece) => piece.length > 0),
        concatMap(write), // in order, one at a time
      ),
      defer(finish),
    ).pipe(ignoreElements());
  });
}
