import { CommanderError } from 'commander';
import { type ErrorCode, PipelineError } from '../core/errors.ts';

/** How the command line ends; docs/cli.md says so to people. */
export const EXIT = {
  ok: 0,
  /** Something that no code foresees: a bug. */
  internal: 1,
  /** A command, option or value that does not exist. */
  usage: 2,
  /** The audio: missing, damaged, in no known format. */
  input: 3,
  /** The bundle, or the engine that runs it. */
  model: 4,
  /** The output could not be written. */
  output: 5,
  microphone: 6,
  /** The references of `evaluate`. */
  reference: 7,
  /** A server, or the way to it. */
  network: 8,
  /** Whoever read standard output went away; 128 + SIGPIPE, as a shell reports it. */
  brokenPipe: 141,
} as const;

/** One of the values of `EXIT`. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Standard output is gone: not a failure worth a word, but an end. */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe';
}

/** The exit code of an error's code. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  switch (code) {
    case 'SYLSTREAM_ERR_AUDIO_FORMAT':
    case 'SYLSTREAM_ERR_AUDIO_EMPTY':
    case 'SYLSTREAM_ERR_AUDIO_SHORT':
    case 'SYLSTREAM_ERR_AUDIO_NOT_FINITE':
    case 'SYLSTREAM_ERR_AUDIO_BYTES':
    case 'SYLSTREAM_ERR_WAV_HEADER':
    case 'SYLSTREAM_ERR_WAV_TRUNCATED':
    case 'SYLSTREAM_ERR_WAV_SIZE':
    case 'SYLSTREAM_ERR_AUDIO_SUSPECT':
    case 'SYLSTREAM_ERR_FFMPEG_MISSING':
    case 'SYLSTREAM_ERR_FFMPEG_FAILED':
    case 'SYLSTREAM_ERR_AUDIO_CUT':
    case 'SYLSTREAM_ERR_FILE_READ':
    case 'SYLSTREAM_ERR_UNITS':
      return EXIT.input;
    case 'SYLSTREAM_ERR_BUNDLE_MISSING':
    case 'SYLSTREAM_ERR_BUNDLE_HASH':
    case 'SYLSTREAM_ERR_BUNDLE_FORMAT':
    case 'SYLSTREAM_ERR_BUNDLE_SHAPE':
    case 'SYLSTREAM_ERR_ENGINE':
    case 'SYLSTREAM_ERR_PROVIDER':
    case 'SYLSTREAM_ERR_REMOTE':
    case 'SYLSTREAM_ERR_ENCODER':
    case 'SYLSTREAM_ERR_LM':
    case 'SYLSTREAM_ERR_SPEAK':
    case 'SYLSTREAM_ERR_WORKER':
    case 'SYLSTREAM_ERR_CLOSED':
    case 'SYLSTREAM_ERR_OVERRUN':
      return EXIT.model;
    case 'SYLSTREAM_ERR_OUTPUT_WRITE':
      return EXIT.output;
    case 'SYLSTREAM_ERR_MICROPHONE_MISSING':
    case 'SYLSTREAM_ERR_MICROPHONE_FAILED':
    case 'SYLSTREAM_ERR_LOUDSPEAKER':
      return EXIT.microphone;
    case 'SYLSTREAM_ERR_REFERENCE':
      return EXIT.reference;
    case 'SYLSTREAM_ERR_CONFIG':
    case 'SYLSTREAM_ERR_OPTION':
    case 'SYLSTREAM_ERR_VOICE':
      return EXIT.usage;
    case 'SYLSTREAM_ERR_INTERNAL':
      return EXIT.internal;
    case 'SYLSTREAM_ERR_MALFORMED':
    case 'SYLSTREAM_ERR_UNKNOWN_TYPE':
    case 'SYLSTREAM_ERR_ORDER':
    case 'SYLSTREAM_ERR_TOO_BIG':
    case 'SYLSTREAM_ERR_AUDIO_GAP':
    case 'SYLSTREAM_ERR_MODEL':
    case 'SYLSTREAM_ERR_SLOW_READER':
    case 'SYLSTREAM_ERR_CAPACITY':
    case 'SYLSTREAM_ERR_AUTH':
    case 'SYLSTREAM_ERR_ORIGIN':
    case 'SYLSTREAM_ERR_HELLO_TIMEOUT':
    case 'SYLSTREAM_ERR_IDLE':
    case 'SYLSTREAM_ERR_SUPERSEDED':
    case 'SYLSTREAM_ERR_RESUME_EXPIRED':
    case 'SYLSTREAM_ERR_RATE_LIMITED':
    case 'SYLSTREAM_ERR_SESSION_LIMIT':
    case 'SYLSTREAM_ERR_DRAINING':
    case 'SYLSTREAM_ERR_CONNECTION':
      return EXIT.network;
  }
}

/** The exit code of anything that was thrown. */
export function exitCodeFor(error: unknown): ExitCode {
  if (error instanceof BrokenPipe) return EXIT.brokenPipe;
  if (error instanceof PipelineError) return exitCodeOf(error.code);
  if (error instanceof CommanderError) return EXIT.usage;
  return EXIT.internal;
}
