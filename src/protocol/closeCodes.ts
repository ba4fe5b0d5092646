import type { ErrorCode } from '../core/errors.ts';

/** WebSocket close codes that the server uses (RFC 6455, 7.4, and the private range). */
export type CloseCode =
  | 1000
  | 1001
  | 1002
  | 1003
  | 1007
  | 1008
  | 1009
  | 1011
  | 1012
  | 1013
  | 4401
  | 4403
  | 4408
  | 4409
  | 4410
  | 4413
  | 4429;

/** A code as it stands in `error.code`: the library's in lower case without its prefix. */
export type WireCode = Lowercase<Unprefixed<ErrorCode>>;
type Unprefixed<Code> = Code extends `SYLSTREAM_ERR_${infer Rest}` ? Rest : never;

/** What becomes of a connection on which an error happens. */
export interface Disposition {
  /** The code the client sees. */
  readonly wire: WireCode;
  /** The close code that follows when it is fatal. */
  readonly close: CloseCode;
  /** Whether the same client may try again, unchanged (after `retry_after_ms` where given). */
  readonly retry: boolean;
  /** Whether the session waits for its client after it, so that it can be resumed: its state is whole. */
  readonly resumable: boolean;
  /** Whether the message may go out: the client sees its own mistake in words, ours as a code only. */
  readonly words: boolean;
}

/** Maps every code to what the wire says; a new code without a line here does not compile. */
export function disposition(code: ErrorCode): Disposition {
  switch (code) {
    case 'SYLSTREAM_ERR_MALFORMED':
      return theirs('malformed', 1007);
    case 'SYLSTREAM_ERR_AUDIO_BYTES':
      return theirs('audio_bytes', 1007);
    case 'SYLSTREAM_ERR_AUDIO_NOT_FINITE':
      return theirs('audio_not_finite', 1007);
    case 'SYLSTREAM_ERR_AUDIO_FORMAT':
      return theirs('audio_format', 1003);
    case 'SYLSTREAM_ERR_AUDIO_SUSPECT':
      return theirs('audio_suspect', 1003);
    case 'SYLSTREAM_ERR_UNKNOWN_TYPE':
      return theirs('unknown_type', 1002);
    case 'SYLSTREAM_ERR_ORDER':
      return theirs('order', 1002);
    case 'SYLSTREAM_ERR_AUDIO_GAP':
      return waiting('audio_gap', 1002, true);
    case 'SYLSTREAM_ERR_TOO_BIG':
      return waiting('too_big', 1009, false);
    case 'SYLSTREAM_ERR_OPTION':
      return theirs('option', 1008);
    case 'SYLSTREAM_ERR_MODEL':
      return theirs('model', 1008);
    case 'SYLSTREAM_ERR_UNITS':
      return theirs('units', 1008);
    case 'SYLSTREAM_ERR_VOICE':
      return theirs('voice', 1008);
    case 'SYLSTREAM_ERR_SESSION_LIMIT':
      return again('session_limit', 1008);
    case 'SYLSTREAM_ERR_OVERRUN':
      return waiting('overrun', 4413, true);
    case 'SYLSTREAM_ERR_SLOW_READER':
      return waiting('slow_reader', 4413, true);
    case 'SYLSTREAM_ERR_CAPACITY':
      return again('capacity', 1013);
    case 'SYLSTREAM_ERR_DRAINING':
      return again('draining', 1012);
    case 'SYLSTREAM_ERR_AUTH':
      return theirs('auth', 4401);
    case 'SYLSTREAM_ERR_ORIGIN':
      return theirs('origin', 4403);
    case 'SYLSTREAM_ERR_HELLO_TIMEOUT':
      return again('hello_timeout', 4408);
    case 'SYLSTREAM_ERR_IDLE':
      return waiting('idle', 4408, true);
    case 'SYLSTREAM_ERR_SUPERSEDED':
      return theirs('superseded', 4409);
    case 'SYLSTREAM_ERR_RESUME_EXPIRED':
      return theirs('resume_expired', 4410);
    case 'SYLSTREAM_ERR_RATE_LIMITED':
      return again('rate_limited', 4429);
    case 'SYLSTREAM_ERR_ENCODER':
      return ours('encoder');
    case 'SYLSTREAM_ERR_WORKER':
      return ours('worker');
    case 'SYLSTREAM_ERR_INTERNAL':
    case 'SYLSTREAM_ERR_CLOSED':
    case 'SYLSTREAM_ERR_SPEAK':
    case 'SYLSTREAM_ERR_AUDIO_EMPTY':
    case 'SYLSTREAM_ERR_AUDIO_SHORT':
    case 'SYLSTREAM_ERR_WAV_HEADER':
    case 'SYLSTREAM_ERR_WAV_TRUNCATED':
    case 'SYLSTREAM_ERR_WAV_SIZE':
    case 'SYLSTREAM_ERR_FFMPEG_MISSING':
    case 'SYLSTREAM_ERR_FFMPEG_FAILED':
    case 'SYLSTREAM_ERR_AUDIO_CUT':
    case 'SYLSTREAM_ERR_FILE_READ':
    case 'SYLSTREAM_ERR_OUTPUT_WRITE':
    case 'SYLSTREAM_ERR_BUNDLE_MISSING':
    case 'SYLSTREAM_ERR_BUNDLE_HASH':
    case 'SYLSTREAM_ERR_BUNDLE_FORMAT':
    case 'SYLSTREAM_ERR_BUNDLE_SHAPE':
    case 'SYLSTREAM_ERR_ENGINE':
    case 'SYLSTREAM_ERR_PROVIDER':
    case 'SYLSTREAM_ERR_REMOTE':
    case 'SYLSTREAM_ERR_LM':
    case 'SYLSTREAM_ERR_MICROPHONE_MISSING':
    case 'SYLSTREAM_ERR_MICROPHONE_FAILED':
    case 'SYLSTREAM_ERR_LOUDSPEAKER':
    case 'SYLSTREAM_ERR_REFERENCE':
    case 'SYLSTREAM_ERR_CONNECTION':
    case 'SYLSTREAM_ERR_CONFIG':
      return ours('internal');
  }
}

/** The client's mistake: the same again fails again. */
function theirs(wire: WireCode, close: CloseCode): Disposition {
  return { wire, close, retry: false, resumable: false, words: true };
}

/** A matter of time or pace. */
function again(wire: WireCode, close: CloseCode): Disposition {
  return { wire, close, retry: true, resumable: false, words: true };
}

/** What touches the connection and not the session. */
function waiting(wire: WireCode, close: CloseCode, retry: boolean): Disposition {
  return { wire, close, retry, resumable: true, words: true };
}

/** The server's fault. */
function ours(wire: WireCode): Disposition {
  return { wire, close: 1011, retry: true, resumable: false, words: false };
}
