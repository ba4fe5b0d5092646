import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PipelineError } from '../errors.ts';

/** The most text of ffmpeg's own errors that is kept. */
const MAX_MESSAGE_LENGTH = 500;

/**
 * Decodes a file of any kind with the program ffmpeg and gives its first audio track as the bytes of a WAV file (float, at
 * the track's own rate and channels). ffmpeg waits while nobody reads, and is killed on leaving the loop or when the signal
 * comes. It may read this one file only: a play-list inside cannot make it open others or go to the network.
 *
 * Throws `SYLSTREAM_ERR_FFMPEG_MISSING` when the program cannot be started and `SYLSTREAM_ERR_FFMPEG_FAILED`, with the last of
 * what it said, when it fails.
 */
export async function* decodeWithFfmpeg(
  path: string,
  program: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const quiet = ['-nostdin', '-hide_banner', '-loglevel', 'error'];
  const input = ['-protocol_whitelist', 'file,pipe', '-i', `file:${path}`, '-map', '0:a:0'];
  const output = ['-c:a', 'pcm_f32le', '-f', 'wav', 'pipe:1'];
  const child = spawn(program, [...quiet, ...input, ...output], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-MAX_MESSAGE_LENGTH);
  });
  const ended = once(child, 'close');
  // The error is met below, after what was read before it.
  ended.catch(() => undefined);
  try {
    for await (const piece of child.stdout) yield piece;
    const [code] = await ended;
    if (code !== 0 && !signal.aborted) throw failed(path, said);
  } catch (error) {
    throw isSpawnError(error) ? missing(path, program, error) : error;
  } finally {
    signal.removeEventListener('abort', kill);
    kill();
  }
}

function isSpawnError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && String(error.syscall).startsWith('spawn');
}

function missing(path: string, program: string, cause: NodeJS.ErrnoException): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_FFMPEG_MISSING',
    `expected the program ${program} to read ${path}, which is no WAV file, got ${cause.code}; ` +
      'install ffmpeg, or convert the file to WAV elsewhere',
    { cause },
  );
}

function failed(path: string, said: string): PipelineError {
  return new PipelineError(
    'SYLSTREAM_ERR_FFMPEG_FAILED',
    `expected audio in ${path} that ffmpeg can read, got: ${said.trim().replaceAll(/\s*\n\s*/gu, '; ')}`,
  );
}
