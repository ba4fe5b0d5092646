import { PipelineError } from '../core/errors.ts';
import { createMapCheck } from './checkMap.ts';
import { CLIENT_MESSAGES } from './clientMessages.ts';
import type { Fields, MapKind } from './kinds.ts';
import type { ClientMessage, ServerMessage } from './messages.ts';
import { SERVER_MESSAGES } from './serverMessages.ts';
import { firstCharacters, isFaithful } from './text.ts';
import type { WireMap } from './wireMap.ts';

/** The check of every message of a side, by its `t`. */
type Checks<M> = ReadonlyMap<string, (map: WireMap, path: string) => M>;

const CLIENT_CHECKS: Checks<ClientMessage> = checksOf(CLIENT_MESSAGES);
const SERVER_CHECKS: Checks<ServerMessage> = checksOf(SERVER_MESSAGES);

/**
 * Checks a decoded map as a client's message; unknown fields are dropped.
 * Throws `SYLSTREAM_ERR_UNKNOWN_TYPE` for a `t` that version 1 does not know, `SYLSTREAM_ERR_MALFORMED` for a bad field.
 */
export function validateClientMessage(map: WireMap): ClientMessage {
  return validate(map, CLIENT_CHECKS);
}

/** Checks a decoded map as a server's message; throws as `validateClientMessage` does. */
export function validateServerMessage(map: WireMap): ServerMessage {
  return validate(map, SERVER_CHECKS);
}

function validate<M>(map: WireMap, checks: Checks<M>): M {
  const type = map['t'];
  if (typeof type !== 'string' || !isFaithful(type)) {
    throw new PipelineError(
      'SYLSTREAM_ERR_MALFORMED',
      'a message needs a text "t" that says what it is',
    );
  }
  const check = checks.get(type);
  if (check === undefined) {
    throw new PipelineError(
      'SYLSTREAM_ERR_UNKNOWN_TYPE',
      `expected one of ${[...checks.keys()].join(', ')}; got a message of type "${firstCharacters(type, 32)}"`,
    );
  }
  return check(map, type);
}

function checksOf<M>(messages: Readonly<Record<string, MapKind<Fields>>>): Checks<M> {
  const checks = Object.entries(messages).map(([t, kind]) => [t, createMapCheck(kind)] as const);
  return new Map(checks) as unknown as Checks<M>;
}
