import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { PipelineError } from '../../src/core/errors.ts';
import { checkFields } from '../../src/protocol/checkFields.ts';
import { CLIENT_FIELDS } from '../../src/protocol/clientFields.ts';
import {
  bytes,
  flag,
  integer,
  list,
  map,
  may,
  must,
  number,
  text,
} from '../../src/protocol/fields.ts';
import type { Fields } from '../../src/protocol/fields.ts';
import { MAX_NAME_LENGTH, MAX_SAMPLE } from '../../src/protocol/limits.ts';
import type { Hello, WireId, WireRate } from '../../src/protocol/index.ts';
import { msgpackCodec } from '../../src/protocol/msgpack.ts';
import { id, rate, sample } from '../../src/protocol/sharedFields.ts';

/** All that a gateway knows of a session and another one needs. Times are milliseconds since 1970. */
export interface SealedSession {
  readonly sid: string;
  readonly sealedAt: number;
  readonly startedAt: number;
  /** The first hello, without `resume` and `seal`. */
  readonly hello: Hello;
  /** Units that went out before. */
  readonly units: number;
  /** End of the last of them, at 16 kHz. */
  readonly decided: number;
  /** The last flush that was answered before. */
  readonly lastFlush?: WireId;
  /** Flushes that are remembered, and how many there may be at once. */
  readonly flushes: { readonly ids: readonly WireId[]; readonly left: number };
  /** Places of turns of the dial that lie ahead, at 16 kHz. */
  readonly turns: readonly number[];
  /** Where the dial stands, and from which sample on the language model knows its units. */
  readonly dial: { readonly rate: WireRate; readonly knownFrom: number };
  /** Number of the first control that is not in the state. */
  readonly controls: number;
  /** Whether somebody has spoken. */
  readonly heard: boolean;
  /** The stream's thin state. */
  readonly state: Uint8Array;
}

/** Bytes of a seal: as base64 it fits into a message of the JSON form. */
export const MAX_SEAL_BYTES: number = 40 * 1024;
/** A state says at most so much: 30 s undecided. */
const MAX_STATE_BYTES = 2 ** 18;

const FIELDS: Fields = {
  sid: must(text(MAX_NAME_LENGTH)),
  sealedAt: must(integer(0, MAX_SAMPLE)),
  startedAt: must(integer(0, MAX_SAMPLE)),
  hello: must(map(CLIENT_FIELDS.hello)),
  units: must(sample),
  decided: must(sample),
  lastFlush: may(id),
  flushes: must(map({ ids: must(list(id, 64)), left: must(number(-MAX_SAMPLE, 64)) })),
  turns: must(list(sample, 64)),
  dial: must(map({ rate: must(rate), knownFrom: must(sample) })),
  controls: must(sample),
  heard: must(flag),
  state: must(bytes),
};

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
  const known = checkFields(
    msgpackCodec.decode(content),
    FIELDS,
    'session',
  ) as unknown as SealedSession;
  const hello = { ...known.hello, t: 'hello' } as const;
  return { ...known, hello, state: inflated(known.state) };
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
