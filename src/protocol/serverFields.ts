import { MAX_ITEMS, MAX_NAME_LENGTH, MAX_SAMPLE, MAX_TEXT_LENGTH } from './limits.ts';
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
import type { ServerMessage } from './messages.ts';
import { audio, id, ping, rate, sample } from './sharedFields.ts';

const milliseconds = number(0, MAX_SAMPLE);

/** The fields of every message that a server may send. */
export const SERVER_FIELDS: Readonly<Record<ServerMessage['t'], Fields>> = {
  ready: {
    sid: must(text(MAX_NAME_LENGTH)),
    resumed: must(flag),
    token: must(text(MAX_TEXT_LENGTH)),
    window_ms: must(milliseconds),
    next: must(sample),
    credit: must(sample),
    again: may(sample),
    k: may(sample),
    takeover: may(map({ bytes: must(sample), bits: must(text(MAX_TEXT_LENGTH)) })),
    audio: must(audio),
    model: must(
      map({
        id: must(text(MAX_TEXT_LENGTH)),
        sha256: must(text(MAX_NAME_LENGTH)),
        unit_hz: must(number(0, 100)),
        frame_hz: must(number(0, 1000)),
        units: must(integer(1, 1_000_000)),
        lookahead_ms: must(milliseconds),
        rate: must(rate),
        lambda: must(number(-MAX_SAMPLE, MAX_SAMPLE)),
        lm: may(flag),
      }),
    ),
    limits: must(
      map({
        msg_bytes: must(sample),
        ahead_ms: must(milliseconds),
        idle_ms: must(milliseconds),
        session_s: must(number(0, MAX_SAMPLE)),
      }),
    ),
  },
  ack: {
    n: must(sample),
    credit: must(sample),
    lag_ms: must(milliseconds),
    seal: may(bytes),
    keep: may(sample),
    k: may(sample),
  },
  u: {
    i: must(sample),
    id: must(integer(0, 1_000_000)),
    s: must(sample),
    e: must(sample),
    at: must(sample),
    fine: may(integer(0, 1_000_000)),
    c: may(number(0, 1)),
    pause: may(flag),
    forced: may(flag),
    f: may(bytes),
  },
  p: { from: must(sample), us: must(list(tuple(sample, sample, sample), MAX_ITEMS)) },
  flushed: { id: must(id), n: must(sample), i: must(sample) },
  g: {
    id: must(id),
    j: must(integer(0, 15)),
    k: must(integer(0, 299)),
    unit: must(integer(0, 1_000_000)),
    after: must(integer(-1, MAX_SAMPLE)),
    lp: may(number(-MAX_SAMPLE, 0)),
  },
  gend: {
    id: must(id),
    reason: must(choice('done', 'cancelled', 'superseded', 'unsupported')),
    after: may(integer(-1, MAX_SAMPLE)),
    more: may(flag),
  },
  done: { units: must(sample), samples: must(sample), lag_p99_ms: must(milliseconds) },
  goaway: {
    deadline_ms: must(milliseconds),
    reason: must(choice('drain', 'session_limit')),
    elsewhere: may(flag),
  },
  ping,
  pong: ping,
  error: {
    code: must(text(MAX_NAME_LENGTH)),
    fatal: must(flag),
    msg: must(text(MAX_TEXT_LENGTH)),
    retry_after_ms: may(milliseconds),
    ref: may(id),
  },
};
