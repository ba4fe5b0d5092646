import { PipelineError } from '../src/core/errors.ts';
import { TICKET_PATH } from '../src/protocol/index.ts';

/** What the server answers to a request for a ticket. */
interface TicketAnswer {
  readonly ticket: string;
}

/**
 * Fetches a one-time ticket for the token that a person entered: a browser cannot put a token on a WebSocket itself.
 *
 * @throws PipelineError SYLSTREAM_ERR_AUTH when the token is not taken, SYLSTREAM_ERR_CONNECTION when nobody answers
 */
export async function fetchTicket(token: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch(TICKET_PATH, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
  } catch (cause) {
    const message = 'expected an answer from the server, got none';
    throw new PipelineError('SYLSTREAM_ERR_CONNECTION', message, { cause });
  }
  if (!response.ok) {
    const message = `expected a ticket for the access token, got HTTP ${response.status}`;
    throw new PipelineError('SYLSTREAM_ERR_AUTH', message);
  }
  return ((await response.json()) as TicketAnswer).ticket;
}
