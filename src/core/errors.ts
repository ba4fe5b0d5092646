/**
 * The stable codes of everything that can go wrong at run time. `docs/errors.md` has a heading for each:
 * what it means and what to do. Misuse of a function (a wrong option) throws `TypeError` or `RangeError` instead.
 */
export const ERROR_CODES = [
  'SYLSTREAM_ERR_AUDIO_FORMAT',
  'SYLSTREAM_ERR_AUDIO_EMPTY',
  'SYLSTREAM_ERR_AUDIO_SHORT',
  'SYLSTREAM_ERR_AUDIO_NOT_FINITE',
  'SYLSTREAM_ERR_AUDIO_BYTES',
  'SYLSTREAM_ERR_AUDIO_SUSPECT',
  'SYLSTREAM_ERR_WAV_HEADER',
  'SYLSTREAM_ERR_WAV_TRUNCATED',
  'SYLSTREAM_ERR_WAV_SIZE',
  'SYLSTREAM_ERR_FFMPEG_MISSING',
  'SYLSTREAM_ERR_FFMPEG_FAILED',
  'SYLSTREAM_ERR_AUDIO_CUT',
  'SYLSTREAM_ERR_FILE_READ',
  'SYLSTREAM_ERR_OUTPUT_WRITE',
  'SYLSTREAM_ERR_BUNDLE_MISSING',
  'SYLSTREAM_ERR_BUNDLE_HASH',
  'SYLSTREAM_ERR_BUNDLE_FORMAT',
  'SYLSTREAM_ERR_BUNDLE_SHAPE',
  'SYLSTREAM_ERR_ENGINE',
  'SYLSTREAM_ERR_PROVIDER',
  'SYLSTREAM_ERR_ENCODER',
  'SYLSTREAM_ERR_REMOTE',
  'SYLSTREAM_ERR_LM',
  'SYLSTREAM_ERR_SPEAK',
  'SYLSTREAM_ERR_UNITS',
  'SYLSTREAM_ERR_VOICE',
  'SYLSTREAM_ERR_WORKER',
  'SYLSTREAM_ERR_CLOSED',
  'SYLSTREAM_ERR_OVERRUN',
  'SYLSTREAM_ERR_MICROPHONE_MISSING',
  'SYLSTREAM_ERR_MICROPHONE_FAILED',
  'SYLSTREAM_ERR_LOUDSPEAKER',
  'SYLSTREAM_ERR_REFERENCE',
  // What the wire adds; docs/protocol.md has a heading for each, by its name there.
  'SYLSTREAM_ERR_MALFORMED',
  'SYLSTREAM_ERR_UNKNOWN_TYPE',
  'SYLSTREAM_ERR_ORDER',
  'SYLSTREAM_ERR_TOO_BIG',
  'SYLSTREAM_ERR_AUDIO_GAP',
  'SYLSTREAM_ERR_OPTION',
  'SYLSTREAM_ERR_MODEL',
  'SYLSTREAM_ERR_SLOW_READER',
  'SYLSTREAM_ERR_CAPACITY',
  'SYLSTREAM_ERR_AUTH',
  'SYLSTREAM_ERR_ORIGIN',
  'SYLSTREAM_ERR_HELLO_TIMEOUT',
  'SYLSTREAM_ERR_IDLE',
  'SYLSTREAM_ERR_SUPERSEDED',
  'SYLSTREAM_ERR_RESUME_EXPIRED',
  'SYLSTREAM_ERR_RATE_LIMITED',
  'SYLSTREAM_ERR_SESSION_LIMIT',
  'SYLSTREAM_ERR_DRAINING',
  'SYLSTREAM_ERR_INTERNAL',
  'SYLSTREAM_ERR_CONNECTION',
  'SYLSTREAM_ERR_CONFIG',
] as const;

/** One of `ERROR_CODES`. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Any failure that is not misuse. Match on `code`, never on the message. */
export class PipelineError extends Error {
  override readonly name = 'PipelineError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
