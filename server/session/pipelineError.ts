import { PipelineError } from '../../src/core/errors.ts';
import type { ErrorCode } from '../../src/core/errors.ts';
import { quotesInput } from '../observe/loggable.ts';

/** Any failure as a `PipelineError`: misuse as `misuse`, what is not known as `SYLSTREAM_ERR_INTERNAL`. */
export function pipelineError(
  error: unknown,
  misuse: ErrorCode = 'SYLSTREAM_ERR_INTERNAL',
): PipelineError {
  if (error instanceof PipelineError) return error;
  const isMisuse = error instanceof RangeError || error instanceof TypeError;
  const words = error instanceof Error ? error.message : String(error);
  const message = quotesInput(error) ? `unexpected ${(error as Error).name}` : words;
  return new PipelineError(isMisuse ? misuse : 'SYLSTREAM_ERR_INTERNAL', message, { cause: error });
}
