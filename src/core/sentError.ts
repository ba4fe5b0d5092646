import { PipelineError, type ErrorCode } from './errors.ts';

/** A failure as it travels. */
export interface SentError {
  /** Absent for misuse and for what is not known. */
  readonly code?: ErrorCode | undefined;
  readonly name: string;
  readonly message: string;
}

/** An error as a message; `receivedError()` makes it one again. */
export function sent(error: unknown): SentError {
  if (error instanceof PipelineError) {
    return { code: error.code, name: error.name, message: error.message };
  }
  if (error instanceof Error) return { name: error.name, message: error.message };
  return { name: 'Error', message: String(error) };
}

/** What `sent()` was made of, of the class that callers tell by. */
export function receivedError({ code, name, message }: SentError): Error {
  if (code !== undefined) return new PipelineError(code, message);
  if (name === 'RangeError') return new RangeError(message);
  if (name === 'TypeError') return new TypeError(message);
  return new PipelineError('SYLSTREAM_ERR_INTERNAL', message);
}
