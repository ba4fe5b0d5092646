import { once } from 'node:events';
import { isChannelCount, isSampleRate } from '../audio/audioFormat.ts';
import type { AudioFormat } from '../audio/audioFormat.ts';
import { checkHasChannel } from '../audio/audioReader.ts';
import { PipelineError } from '../core/errors.ts';
import { SAMPLE_RATE } from '../core/time.ts';
import { checkEnd } from './cutShort.ts';
import { createFfmpegWords, type FfmpegWords } from './ffmpegWords.ts';
import { peek } from './peek.ts';
import { scarcityAdvice } from './scarcity.ts';
import { startProgram } from '../core/startProgram.ts';

/** Where channels and rate stand in the WAV files that ffmpeg writes to a pipe, and how much of them tells. */
const CHANNELS_AT = 22;
const RATE_AT = 24;
const HEAD_BYTES = 28;
/**
 * Times are the container's: silence where it has none for 0.1 s and more, from its own beginning on. The start is left
 * alone under 50 ms, where containers keep an encoder's delay.
 */
const ON_TIME = 'aresample=async=1:min_comp=0.05:first_pts=0';

/** What is to be decoded, and by what. */
export interface FfmpegInput {
  readonly path: string;
  /** The program, a name or a path. */
  readonly program: string;
  /** Kills it. */
  readonly signal: AbortSignal;
  /** The channel to listen to, from 1 on. */
  readonly channel?: number | undefined;
  /** Why the WAV reader does not take the file, for a machine without ffmpeg. */
  readonly why?: string | undefined;
}

/** What ffmpeg made of a file. */
export interface Decoded {
  /** A WAV file of float samples that the WAV reader takes. */
  readonly bytes: AsyncGenerator<Uint8Array>;
  /** What the file itself has; a rate outside 8 to 192 kHz comes as 16 kHz, more than 6 channels as one. */
  readonly format: AudioFormat;
  /** The channel that the reader has still to choose. */
  readonly channel?: number | undefined;
}

/**
 * Decodes a file of any kind with the program ffmpeg and gives its first audio track as the bytes of a WAV file (float, at
 * the track's own rate and channels as far as they are read here), timed as the container says. ffmpeg waits while nobody
 * reads, and is killed on leaving the loop or when the signal comes. It may read this one file only: a play-list inside
 * cannot make it open others or go to the network.
 *
 * Throws `SYLSTREAM_ERR_FFMPEG_MISSING` when the program cannot be started, `SYLSTREAM_ERR_AUDIO_FORMAT` when the track lacks
 * the channel, and `SYLSTREAM_ERR_FFMPEG_FAILED`, with what it said, when it fails or, after all that it could read, when
 * something was damaged; after all of it `SYLSTREAM_ERR_AUDIO_CUT` when the file does not come to its end.
 */
export async function decodeWithFfmpeg(input: FfmpegInput): Promise<Decoded> {
  const { channel } = input;
  const words = createFfmpegWords();
  const { head, all } = await peek(run(input, [ON_TIME], words), HEAD_BYTES);
  if (head.length < HEAD_BYTES) {
    return { bytes: all, format: { sampleRate: SAMPLE_RATE, channels: 1 } };
  }
  const view = new DataView(head.buffer, head.byteOffset);
  const channels = view.getUint16(CHANNELS_AT, true);
  const sampleRate = view.getUint32(RATE_AT, true);
  const format = { sampleRate, channels };
  const isRate = isSampleRate(sampleRate);
  const isCount = isChannelCount(channels);
  if (channels === 0) return { bytes: all, format, channel };
  if (isRate && isCount) return { bytes: toItsEnd(all, input, words, format), format, channel };
  await all.return(undefined);
  checkHasChannel({ ...format, channel });
  const filters = [
    ON_TIME,
    ...(isCount ? [] : [`pan=mono|c0=${mix(channels, channel)}`]),
    ...(isRate ? [] : [`aresample=${SAMPLE_RATE}`]),
  ];
  const again = createFfmpegWords();
  const given = {
    sampleRate: isRate ? sampleRate : SAMPLE_RATE,
    channels: isCount ? channels : 1,
  };
  const bytes = toItsEnd(run(input, filters, again), input, again, given);
  return { bytes, format, channel: isCount ? channel : undefined };
}

/** Passes float samples on and sees at their end whether it is the file's. */
async function* toItsEnd(
  bytes: AsyncGenerator<Uint8Array>,
  { path, signal }: FfmpegInput,
  words: FfmpegWords,
  { sampleRate, channels }: AudioFormat,
): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const piece of bytes) {
    length += piece.length;
    yield piece;
  }
  if (signal.aborted) return;
  const seconds = length / (sampleRate * channels * Float32Array.BYTES_PER_ELEMENT);
  await checkEnd({ path, seconds, claimed: words.claimed });
}

/** One of the channels, or the mean of all, in the words of ffmpeg's `pan`. */
function mix(channels: number, channel: number | undefined): string {
  if (channel !== undefined) return `c${channel - 1}`;
  return Array.from({ length: channels }, (_, n) => `${1 / channels}*c${n}`).join('+');
}

async function* run(
  { path, program, signal, why }: FfmpegInput,
  filters: readonly string[],
  words: FfmpegWords,
): AsyncGenerator<Uint8Array> {
  const quiet = ['-nostdin', '-hide_banner', '-nostats', '-loglevel', 'repeat+level+info'];
  const from = ['-protocol_whitelist', 'file,pipe', '-i', `file:${path}`, '-map', '0:a:0'];
  const to = ['-af', filters.join(','), '-c:a', 'pcm_f32le', '-f', 'wav', 'pipe:1'];
  const args = [...quiet, ...from, ...to];
  const child = await startProgram(program, args, ['ignore', 'pipe', 'pipe']).catch(
    (error: NodeJS.ErrnoException) => {
      throw notStarted(path, program, why, error);
    },
  );
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill);
  if (signal.aborted) kill();
  child.stderr!.setEncoding('utf8').on('data', (text: string) => words.hear(text));
  const ended = once(child, 'close');
  // The error is met below, after what was read before it.
  ended.catch(() => undefined);
  try {
    for await (const piece of child.stdout!) yield piece;
    const [code] = await ended;
    if (signal.aborted) return;
    const said = words.damage(code !== 0);
    if (code !== 0 || said !== '') throw failed(path, said, code === 0);
  } finally {
    signal.removeEventListener('abort', kill);
    kill();
  }
}

function notStarted(
  path: string,
  program: string,
  why: string | undefined,
  error: NodeJS.ErrnoException,
): PipelineError {
  const advice = scarcityAdvice(error);
  if (advice === undefined) return missing(path, program, why, error);
  return new PipelineError(
    'SYLSTREAM_ERR_FFMPEG_FAILED',
    `expected to start the program ${program} for ${path}, got ${error.message}; ${advice}`,
    { cause: error },
  );
}

function missing(
  path: string,
  program: string,
  why: string | undefined,
  cause: NodeJS.ErrnoException,
): PipelineError {
  const reason =
    why === undefined ? 'which is no WAV file' : `as a WAV file of another kind (${why})`;
  return new PipelineError(
    'SYLSTREAM_ERR_FFMPEG_MISSING',
    `expected the program ${program} to read ${path}, ${reason}, got ${cause.code}; ` +
      'install ffmpeg, or convert the file to WAV elsewhere',
    { cause },
  );
}

function failed(path: string, said: string, wasRead: boolean): PipelineError {
  const used = wasRead ? '; what could be read was used, copy or record the file again' : '';
  return new PipelineError(
    'SYLSTREAM_ERR_FFMPEG_FAILED',
    `expected audio in ${path} that ffmpeg can read, got: ${said || 'no word of why'}${used}`,
  );
}
