import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { PipelineError } from '../../src/core/errors.ts';
import { createMapCheck } from '../../src/protocol/checkMap.ts';
import { CLIENT_MESSAGES } from '../../src/protocol/clientMessages.ts';
import { bytes, flag, integer, list, map, may, number, text } from '../../src/protocol/kinds.ts';
import type { ValueOf } from '../../src/protocol/kinds.ts';
import { MAX_NAME_LENGTH, MAX_SAMPLE } from '../../src/protocol/limits.ts';
import { msgpackCodec } from '../../src/protocol/msgpack.ts';
import { id, rate, sample } from '../../src/protocol/sharedKinds.ts';

/** Bytes of a seal: as base64 it fits into a message of the JSON form. */
export const MAX_SEAL_BYTES: number = 40 * 1024;
/** A state says at most so much: 30 s undecided. */
const MAX_STATE_BYTES = 2 ** 18;

const sealedSession = map(
  {
    sid: text(MAX_NAME_LENGTH, 'The session’s name in the server’s log.'),
    sealedAt: integer(0, MAX_SAMPLE, 'When this was written.'),
    startedAt: integer(0, MAX_SAMPLE, 'When the session began.'),
    hello: CLIENT_MESSAGES.hello, // the first one, without `resume` and `seal`
    units: sample('Units that went out before.'),
    decided: sample('End of the last of them, at 16 kHz.'),
    lastFlush: may(id('The last flush that was answered before.')),
    flushes: map(
      {
        ids: list(id('Of a flush.'), 64, 'Those that are remembered.'),
        left: number(-MAX_SAMPLE, 64, 'How many there may be at once.'),
      },
      'What is known of flushes.',
    ),
    turns: list(sample('A place.'), 64, 'Turns of the dial that lie ahead, at 16 kHz.'),
    dial: map(
      {
        rate: rate('Where it stands.'),
        knownFrom: sample('From here on the language model knows its units.'),
      },
      'The rate dial.',
    ),
    controls: sample('Number of the first control that is not in the state.'),
    heard: flag('Whether somebody has spoken.'),
    state: bytes('The stream’s thin state.'),
  },
  'All that a gateway knows of a session and another one needs. Times are milliseconds since 1970.',
);

/** All that a gateway knows of a session and another one needs. Times are milliseconds since 1970. */
export type SealedSession = ValueOf<typeof sealedSession>;

const checkSession = createMapCheck(sealedSession);

/** Writes a session as bytes. */
export function encodeSession(session: SealedSession): Uint8Array {
  const state = deflateRawSync(session.state, { level: 1 });
  return msgpackCodec.encode({ ...session, state } as never) as Uint8Array;
}

/**
 * Reads what `encodeSession` wrote; the state is read by `readImported()`.
 *
 * @throws PipelineError `SYLSTREAM_ERR_MALFORMED` for anything else
 */
export function decodeSession(content: Uint8Array): SealedSession {
  const known = checkSession(msgpackCodec.decode(content), 'session');
  return { ...known, state: inflated(known.state) };
}

function inflated(state: Uint8Array): Uint8Array {
  try {
    return new Uint8Array(inflateRawSync(state, { maxOutputLength: MAX_STATE_BYTES }));
  } catch (cause) {
    throw new PipelineError('SYLSTREAM_ERR_MALFORMED', 'the state is not as it was sealed', {
      cause,
    });
  }
}
