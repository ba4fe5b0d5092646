import { ERROR_CODES, PipelineError } from '../core/errors.ts';
import { firstCharacters } from './text.ts';
import type { ErrorCode } from '../core/errors.ts';
import { disposition } from './closeCodes.ts';
import type { WireCode } from './closeCodes.ts';
import type { WireError, WireId } from './messages.ts';

/** Every code that the wire can carry, once. */
export const WIRE_CODES: readonly WireCode[] = [
  ...new Set(ERROR_CODES.map((code) => disposition(code).wire)),
];

/** What an `error` message says beside its code. */
export interface WireErrorOptions {
  /** Whether the socket closes behind it. */
  readonly fatal: boolean;
  readonly retryAfterMs?: number;
  /** The `t` or the id that it is about. */
  readonly ref?: WireId;
}

/** Writes an `error` message; what went wrong inside the server stays there. */
export function toWireError(error: PipelineError, options: WireErrorOptions): WireError {
  const { wire, words } = disposition(error.code);
  return {
    t: 'error',
    code: wire,
    fatal: options.fatal,
    msg: words ? firstCharacters(error.message, 1000) : 'the server failed',
    ...(options.retryAfterMs !== undefined && { retry_after_ms: Math.ceil(options.retryAfterMs) }),
    ...(options.ref !== undefined && { ref: options.ref }),
  };
}

/** Reads an `error` message back; a code that this version does not know becomes `SYLSTREAM_ERR_INTERNAL`. */
export function fromWireError(message: WireError): PipelineError {
  return new PipelineError(errorCodeOf(message.code), message.msg);
}

/** The library's code of a wire code. */
export function errorCodeOf(wire: string): ErrorCode {
  const code = `SYLSTREAM_ERR_${wire.toUpperCase()}`;
  return ERROR_CODES.find((known) => known === code) ?? 'SYLSTREAM_ERR_INTERNAL';
}

/** What a close code without an `error` before it means. */
export function errorCodeOfClose(close: number): ErrorCode {
  if (close === 1009) return 'SYLSTREAM_ERR_TOO_BIG';
  if (close === 1012 || close === 1001) return 'SYLSTREAM_ERR_DRAINING';
  const match = ERROR_CODES.find((code) => {
    const { close: known, wire } = disposition(code);
    return known === close && close !== 1011 && errorCodeOf(wire) === code;
  });
  return match ?? (close === 1011 ? 'SYLSTREAM_ERR_INTERNAL' : 'SYLSTREAM_ERR_CONNECTION');
}
