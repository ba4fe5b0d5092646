import type { PipelineError } from '../../src/core/errors.ts';
import type { ServerMessage } from '../../src/protocol/index.ts';

/** A session's way to its client while there is one. */
export interface Link {
  /** Sends a message. */
  send(message: ServerMessage): void;
  /** Whether so little waits to be written that more events may follow; `Session.pump` is called when it is again. */
  hasRoom(): boolean;
  /** Says an error and closes. The session is not the link's any more. */
  fail(error: PipelineError): void;
  /** Closes with 1000 after `done`. */
  finish(): void;
}
