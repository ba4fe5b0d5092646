import { MAX_ITEMS, MAX_NAME_LENGTH, MAX_SAMPLE, MAX_TEXT_LENGTH } from './limits.ts';
import { bytes, choice, flag, integer, list, map, may, number, text } from './kinds.ts';
import {
  audio,
  id,
  lastUnit,
  message,
  milliseconds,
  ping,
  places,
  pong,
  rate,
  sample,
} from './sharedKinds.ts';

const unit = (about: string) => integer(0, 1_000_000, about);

const ready = message('ready', 'Answers `hello`.', {
  sid: text(MAX_NAME_LENGTH, 'The session’s name in the server’s log.'),
  resumed: flag(
    'Whether this is the session that was asked for. False also after `resume`: then everything begins at 0.',
  ),
  token: text(
    MAX_TEXT_LENGTH,
    'For the next `resume`. It rotates; the one before is void as soon as any message follows this one.',
  ),
  window_ms: milliseconds('How long a dropped session waits.'),
  next: sample('Index of the sample to send next.'),
  credit: sample('Samples that may be sent from `next` on.'),
  again: may(sample('After a takeover, send `again` from this sample up to `next`.')),
  k: may(sample('After a takeover, send the controls from this number on.')),
  takeover: may(
    map(
      {
        bytes: sample('Bytes of audio that a client has to keep for it, at most.'),
        bits: text(
          MAX_TEXT_LENGTH,
          'What makes the bits of the units beside the bundle; gateways that say the same give the same.',
        ),
      },
      'With `want.takeover`, where the server offers it.',
    ),
  ),
  audio: audio('As understood.'),
  model: map(
    {
      id: text(MAX_TEXT_LENGTH, 'Bundle’s name.'),
      sha256: text(MAX_NAME_LENGTH, 'Bundle’s hash.'),
      unit_hz: number(0, 100, 'Calibrated units a second at this rate.'),
      frame_hz: number(0, 1000, 'Features a second.'),
      units: integer(1, 1_000_000, 'Ids are 1 to this; 0 is a pause.'),
      lookahead_ms: milliseconds(
        'Audio that a feature waits for: the encoder chunk and its delay.',
      ),
      rate: rate('Place of the dial.'),
      lambda: number(-MAX_SAMPLE, MAX_SAMPLE, 'Segmenter’s λ at this rate.'),
      lm: may(
        flag(
          'Whether there is a language model for units at this rate, so that `gen` is answered.',
        ),
      ),
      voices: may(
        list(
          text(MAX_NAME_LENGTH, ''),
          256,
          'Who can speak units; absent where the bundle has no vocoder, so that `say` is `unsupported`.',
        ),
      ),
    },
    'What the ids belong to.',
  ),
  limits: map(
    {
      msg_bytes: sample('Longest message.'),
      ahead_ms: milliseconds('Audio that may wait unprocessed.'),
      idle_ms: milliseconds(
        'Time without a whole message, ping or pong after which the socket is closed.',
      ),
      session_s: number(0, MAX_SAMPLE, 'Longest session.'),
    },
    'Of this deployment.',
  ),
});

const ack = message('ack', 'Comes at least every 500 ms while audio flows.', {
  n: sample('Samples before this one are the server’s; the client need not keep them.'),
  credit: sample('Samples that may be sent from `n` on.'),
  lag_ms: milliseconds(
    'From the arrival of the sample that completed the newest step to its features.',
  ),
  seal: may(
    bytes('What another gateway needs of the session, for `hello.seal`; replaces the one before.'),
  ),
  keep: may(
    sample('With `seal`, the audio from this sample on has to be kept, whatever `n` says.'),
  ),
  k: may(sample('With `seal`, so have the controls from this number on.')),
});

const u = message('u', 'A final unit: never revised.', {
  i: sample('0, 1, 2, … without holes, never reused.'),
  id: unit('Unit, 0 for a pause.'),
  s: sample('First sample, at 16 kHz.'),
  e: sample('One past the last; the next unit’s start.'),
  at: sample('Sample at which it could be decided: a function of the audio alone.'),
  fine: may(unit('The finer name, from 1; absent for a pause.')),
  c: may(number(0, 1, 'Confidence in the unit (docs/bundle.md); a pause has none.')),
  pause: may(flag('True for a pause.')),
  forced: may(flag('True when `max_delay_ms` forced the decision.')),
  f: may(bytes('With `want.features`, the segment’s vector, float32 little-endian.')),
});

const p = message('p', 'The tail as it looks now; replaces the `p` before.', {
  from: sample('Index that its first unit would get.'),
  us: list(places(), MAX_ITEMS, 'Unit, start and end each.'),
});

const flushed = message('flushed', 'All before the flush is decided.', {
  id: id('Of the `flush`.'),
  n: sample('All is decided up to this sample, at 16 kHz.'),
  i: sample('Units decided.'),
});

const g = message('g', 'One predicted unit.', {
  id: id('Of the `gen`.'),
  j: integer(0, 15, 'Which hypothesis.'),
  k: integer(0, 299, 'Place in it.'),
  unit: unit('Unit.'),
  after: lastUnit('Index of the last unit it knows, -1 for none.'),
  lp: may(number(-MAX_SAMPLE, 0, 'Natural logarithm of the probability that the model gave it.')),
});

const gend = message('gend', 'A continuation is over, and its request too unless it says more.', {
  id: id('Of the `gen`.'),
  reason: choice(
    ['done', 'cancelled', 'superseded', 'unsupported'],
    'Why. `unsupported`: the bundle has no language model for this stream.',
  ),
  after: may(lastUnit('Index of the last unit that it knew, -1 for none.')),
  more: may(flag('The request stands; another continuation follows.')),
});

const w = message('w', 'Sound of a `say`.', {
  id: id('Of the `say`.'),
  n: sample('Index of the first sample, at 16 kHz, from the beginning of what is said.'),
  d: bytes('Mono, 16 kHz, `s16le`.'),
});

const wend = message('wend', 'Nothing more is said.', {
  id: id('Of the `say`.'),
  reason: choice(
    ['done', 'cancelled', 'superseded', 'unsupported'],
    'Why. `superseded`: a newer unit came. `unsupported`: the bundle has no vocoder, or no language model for this stream.',
  ),
  n: sample('Samples that were sent.'),
});

const done = message('done', 'Answers `end`; the server closes with 1000.', {
  units: sample('Units of the session.'),
  samples: sample('Samples taken, at the declared rate.'),
  lag_p99_ms: milliseconds('99th percentile of the session’s lag.'),
});

const goaway = message(
  'goaway',
  'The session ends at the deadline: finish it with `end`, or begin a new one; `resume` works until then only.',
  {
    deadline_ms: milliseconds(
      'Milliseconds from now. What has come by then is decided and sent before the error.',
    ),
    reason: choice(
      ['drain', 'session_limit'],
      'Why: the server stops, or the session reached `limits.session_s`.',
    ),
    elsewhere: may(
      flag(
        'The newest seal serves at other gateways now, while this one goes on until the deadline.',
      ),
    ),
  },
);

const error = message('error', 'Something went wrong; closes if fatal.', {
  code: text(
    MAX_NAME_LENGTH,
    'One of the codes of docs/protocol.md; one that a client does not know counts by `fatal` alone.',
  ),
  fatal: flag('Whether the socket closes behind it.'),
  msg: text(MAX_TEXT_LENGTH, 'For people.'),
  retry_after_ms: may(milliseconds('When to try again.')),
  ref: may(id('The type or id that it is about.')),
});

/** Every message that a server may send, by its `t`. */
export const SERVER_MESSAGES = {
  ready,
  ack,
  u,
  p,
  flushed,
  g,
  gend,
  w,
  wend,
  done,
  goaway,
  ping,
  pong,
  error,
};
