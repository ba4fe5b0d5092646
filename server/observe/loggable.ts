/** What the log holds of an error. */
export interface LoggedError {
  readonly type: string;
  readonly code?: string;
  readonly message?: string;
  /** Where it happened: lines of the stack only, for a stack’s first lines repeat the message. */
  readonly at?: readonly string[];
  readonly cause?: LoggedError;
}

/** Lines of a stack. */
const LINES = 12;
/** Characters of a message. */
const MESSAGE_LENGTH = 300;
/** Causes of causes. */
const DEPTH = 4;

/**
 * An error as the log may hold it, under the key `error` (pino makes its own of `err`). Parsers quote what they could not read (`SyntaxError`, `URIError`), and other errors
 * carry it as a property (`input` of a URL): such words are a client’s own, a token maybe, so only known properties are
 * taken, and of parsers no message.
 */
export function loggable(error: unknown, depth: number = DEPTH): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code } = error as NodeJS.ErrnoException;
  const at = error.stack
    ?.split('\n')
    .filter((line) => /^ {4}at /.test(line))
    .slice(0, LINES)
    .map((line) => line.trim());
  return {
    type: error.name,
    ...(typeof code === 'string' && { code }),
    ...(!quotesInput(error) && { message: error.message.slice(0, MESSAGE_LENGTH) }),
    ...(at !== undefined && { at }),
    ...(error.cause !== undefined && depth > 0 && { cause: loggable(error.cause, depth - 1) }),
  };
}

/** Whether an error's message may hold what could not be read. */
export function quotesInput(error: unknown): boolean {
  return error instanceof SyntaxError || error instanceof URIError;
}
