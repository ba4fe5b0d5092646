import { PipelineError } from '../core/errors.ts';
import { checkFields } from './checkFields.ts';
import type { WireMap } from './checkFields.ts';
import { CLIENT_FIELDS } from './clientFields.ts';
import { firstCharacters, isFaithful } from './text.ts';
import type { Fields } from './fields.ts';
import type { ClientMessage, ServerMessage } from './messages.ts';
import { SERVER_FIELDS } from './serverFields.ts';

/**
 * Checks a decoded map as a client's message; unknown fields are dropped.
 * Throws `SYLSTREAM_ERR_UNKNOWN_TYPE` for a `t` that version 1 does not know, `SYLSTREAM_ERR_MALFORMED` for a bad field.
 */
export function validateClientMessage(map: WireMap): ClientMessage {
  return validate(map, CLIENT_FIELDS) as unknown as ClientMessage;
}

/** Checks a decoded map as a server's message; throws as `validateClientMessage` does. */
export function validateServerMessage(map: WireMap): ServerMessage {
  return validate(map, SERVER_FIELDS) as unknown as ServerMessage;
}

function validate(map: WireMap, table: Readonly<Record<string, Fields>>): Record<string, unknown> {
  const type = map['t'];
  if (typeof type !== 'string' || !isFaithful(type)) {
    throw new PipelineError(
      'SYLSTREAM_ERR_MALFORMED',
      'a message needs a text "t" that says what it is',
    );
  }
  if (!Object.hasOwn(table, type)) {
    throw new PipelineError(
      'SYLSTREAM_ERR_UNKNOWN_TYPE',
      `expected one of ${Object.keys(table).join(', ')}; got a message of type "${firstCharacters(type, 32)}"`,
    );
  }
  return checkFields(map, table[type], type, { t: type });
}
