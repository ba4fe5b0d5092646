import { CommanderError } from 'commander';
import { PipelineError } from '../core/errors.ts';
import { BrokenPipe } from './exitCodes.ts';

/**
 * Says an error on standard error, in one line: its code, then what was expected, what came, what to do.
 * With `verbose` the stack and the causes follow. A broken pipe is not worth a word.
 */
export function reportError(error: unknown, verbose: boolean, about?: string): void {
  if (error instanceof BrokenPipe) return;
  process.stderr.write(`${errorLine(error, about)}\n`);
  if (!verbose) return;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    process.stderr.write(`${cause.stack}\n`);
  }
}

/** Says on standard error, in one line, what may not be as it was meant; it changes no exit status. */
export function reportWarning(warning: PipelineError, about: string): void {
  process.stderr.write(`warning: ${errorLine(warning, about)}\n`);
}

/** The line itself; `about` (a file's name) is put before a message that does not name it. */
export function errorLine(error: unknown, about?: string): string {
  const message = error instanceof Error ? error.message : String(error);
  const text = message.replaceAll(/\s*\n\s*/g, ' ');
  const prefix = about === undefined || text.includes(about) ? '' : `${about}: `;
  return `${codeOf(error)} ${prefix}${text}`;
}

/** Usage is what the option parser or `misuse()` said; a `TypeError` or `RangeError` that comes here is a bug of ours. */
function codeOf(error: unknown): string {
  if (error instanceof PipelineError) return error.code;
  if (error instanceof CommanderError) return 'SYLSTREAM_ERR_USAGE';
  return 'SYLSTREAM_ERR_INTERNAL';
}
