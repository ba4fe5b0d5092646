/**
 * The stable codes of everything that can go wrong at run time. `docs/errors.md` has a heading for each:
 * what it means and what to do. Misuse of a function (a wrong option) throws `TypeError` or `RangeError` instead.
 */
export const ERROR_CODES = [
  'SYLSTREAM_ERR_AUDIO_FORMAT',
  'SYLSTREAM_ERR_AUDIO_EMPTY',
  'SYLSTREAM_ERR_AUDIO_NOT_FINITE',
  'SYLSTREAM_ERR_AUDIO_BYTES',
  'SYLSTREAM_ERR_WAV_HEADER',
  'SYLSTREAM_ERR_WAV_TRUNCATED',
  'SYLSTREAM_ERR_FFMPEG_MISSING',
  'SYLSTREAM_ERR_FFMPEG_FAILED',
  'SYLSTREAM_ERR_FILE_READ',
  'SYLSTREAM_ERR_OUTPUT_WRITE',
  'SYLSTREAM_ERR_BUNDLE_MISSING',
  'SYLSTREAM_ERR_BUNDLE_HASH',
  'SYLSTREAM_ERR_BUNDLE_FORMAT',
  'SYLSTREAM_ERR_BUNDLE_SHAPE',
  'SYLSTREAM_ERR_PROVIDER',
  'SYLSTREAM_ERR_ENCODER',
  'SYLSTREAM_ERR_WORKER',
  'SYLSTREAM_ERR_CLOSED',
  'SYLSTREAM_ERR_OVERRUN',
  'SYLSTREAM_ERR_MICROPHONE_MISSING',
  'SYLSTREAM_ERR_MICROPHONE_FAILED',
  'SYLSTREAM_ERR_REFERENCE',
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
