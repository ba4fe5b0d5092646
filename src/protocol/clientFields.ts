import { MAX_NAME_LENGTH, MAX_SAMPLE, MAX_TEXT_LENGTH } from './limits.ts';
import {
  bytes,
  choice,
  flag,
  integer,
  list,
  map,
  may,
  must,
  number,
  text,
  tuple,
} from './fields.ts';
import type { Fields } from './fields.ts';
import type { ClientMessage } from './messages.ts';
import { audio, id, ping, rate, sample } from './sharedFields.ts';

/** The fields of every message that a client may send. */
export const CLIENT_FIELDS: Readonly<Record<ClientMessage['t'], Fields>> = {
  hello: {
    v: must(integer(1, 65_535)),
    audio: must(audio),
    model: may(text(MAX_TEXT_LENGTH)),
    want: may(
      map({
        partials: may(flag),
        features: may(flag),
        continuation: may(flag),
        takeover: may(flag),
      }),
    ),
    pace: may(choice('live', 'file')),
    rate: may(rate),
    max_delay_ms: may(number(0, 60_000)),
    resume: may(
      map({
        token: must(text(MAX_TEXT_LENGTH)),
        after: must(integer(-1, MAX_SAMPLE)),
        flush: may(id),
        only: may(flag),
      }),
    ),
    seal: may(bytes),
    past: may(list(tuple(sample, sample, sample), 300)),
    client: may(map({ name: must(text(MAX_NAME_LENGTH)), version: must(text(MAX_NAME_LENGTH)) })),
  },
  a: { n: must(sample), d: must(bytes) },
  again: { n: must(sample), d: may(bytes), len: may(integer(1, MAX_SAMPLE)) },
  set: { rate: must(rate), from: may(sample), k: may(sample) },
  gap: { n: must(sample), len: must(integer(1, MAX_SAMPLE)) },
  flush: { id: must(id), k: may(sample) },
  gen: {
    id: must(id),
    max: must(integer(1, 300)),
    seconds: may(number(0.01, 120)),
    temp: may(number(0, 10)),
    seed: may(integer(0, MAX_SAMPLE)),
    n: may(integer(1, 16)),
    top_k: may(integer(1, 65_536)),
    top_p: may(number(0, 1)),
    penalty: may(number(0.1, 10)),
    on: may(choice('now', 'unit', 'flush')),
  },
  cancel: { id: must(id) },
  end: {},
  ping,
  pong: ping,
};
