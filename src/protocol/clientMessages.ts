import { MAX_NAME_LENGTH, MAX_SAID_UNITS, MAX_SAMPLE, MAX_TEXT_LENGTH } from './limits.ts';
import { bytes, choice, flag, integer, list, map, may, number, text } from './kinds.ts';
import { audio, id, lastUnit, message, ping, places, pong, rate, sample } from './sharedKinds.ts';

const control =
  'With `want.takeover`, the number of this `set` or `flush` among all of the session’s, from 0; one that was there counts once.';

const hello = message(
  'hello',
  'The first message; nothing may be sent before it, and nothing else before `ready`.',
  {
    v: integer(
      1,
      65_535,
      'Minor version that the client knows. Higher ones are served as version 1.',
    ),
    audio: audio('What the bytes of `a` are.'),
    model: may(
      text(
        MAX_TEXT_LENGTH,
        'A bundle’s name or hash; any other than the server’s own is refused with `model`.',
      ),
    ),
    want: may(
      map(
        {
          partials: may(flag('Send `p`. Default false.')),
          features: may(flag('Send `u.f`. Default false.')),
          continuation: may(flag('Continuations will be asked for. Default false.')),
          takeover: may(
            flag(
              'Send `ack.seal`, so that another gateway can take the session over. Default false.',
            ),
          ),
        },
        'What to send beside final units.',
      ),
    ),
    pace: may(
      choice(
        ['live', 'file'],
        '`live` (default): as it is spoken. `file`: faster, with more credit; counts for several streams.',
      ),
    ),
    rate: may(rate('Place of the rate dial. Default natural.')),
    max_delay_ms: may(
      number(
        0,
        60_000,
        'Longest wait for a decision, in audio time; longer ones are forced. Default 800.',
      ),
    ),
    resume: may(
      map(
        {
          token: text(MAX_TEXT_LENGTH, 'From the last `ready`.'),
          after: lastUnit('Index of the last unit that arrived, −1 for none.'),
          flush: may(id('Id of the last `flushed` that arrived.')),
          only: may(
            flag('Fail with `resume_expired` rather than begin a new session. Default false.'),
          ),
        },
        'Go on with a dropped session.',
      ),
    ),
    seal: may(
      bytes('With `resume`, the newest `ack.seal`, for a gateway that does not know the token.'),
    ),
    past: may(
      list(
        places(),
        300,
        'With `seal`, `[id, s, e]` of the last units that arrived, for continuations.',
      ),
    ),
    client: may(
      map(
        { name: text(MAX_NAME_LENGTH, 'Program.'), version: text(MAX_NAME_LENGTH, 'Its version.') },
        'For the server’s log.',
      ),
    ),
  },
);

const a = message('a', 'Audio.', {
  n: sample(
    'Index of the first sample, at the declared rate. Samples the server has are ignored; an index beyond them is `audio_gap`.',
  ),
  d: bytes('Whole moments (one sample of every channel). Binary in MessagePack, base64 in JSON.'),
});

const again = message('again', 'After a takeover: audio of the past, outside of credit and pace.', {
  n: sample('Index of the first sample.'),
  d: may(bytes('Whole moments, as in `a`.')),
  len: may(integer(1, MAX_SAMPLE, 'Without `d`: so many samples of a hole.')),
});

const set = message('set', 'Turns the rate dial.', {
  rate: rate('New place.'),
  from: may(
    sample(
      'Sample at 16 kHz from which it holds, rounded up to a token; default: the place in the audio at which the message comes.',
    ),
  ),
  k: may(sample(control)),
});

const gap = message(
  'gap',
  'Audio that is missing; filled with zeros. It uses credit as audio does.',
  {
    n: sample('First missing sample, at the declared rate.'),
    len: integer(1, MAX_SAMPLE, 'Missing samples.'),
  },
);

const flush = message(
  'flush',
  'Decide all audio before it, now; answered by `flushed`. The stream goes on.',
  { id: id('Given back in `flushed`; an id counts once a session.'), k: may(sample(control)) },
);

const gen = message('gen', 'Asks for a continuation.', {
  id: id('Given back in `g` and `gend`.'),
  max: integer(1, 300, 'Units of each hypothesis at most.'),
  seconds: may(
    number(
      0.01,
      120,
      "Seconds of each hypothesis at most, at the stream's own pace; none by default.",
    ),
  ),
  temp: may(number(0, 10, 'Temperature; 1 by default, 0 takes the likeliest unit.')),
  seed: may(integer(0, MAX_SAMPLE, 'Same seed, same answer; 0 by default.')),
  n: may(integer(1, 16, 'How many hypotheses side by side; 1 by default.')),
  top_k: may(integer(1, 65_536, 'Draws from the k likeliest only; 25 by default.')),
  top_p: may(number(0, 1, 'Draws from the fewest likeliest that hold this share; 0.9 by default.')),
  penalty: may(number(0.1, 10, 'Repetition penalty; 1, none, by default.')),
  on: may(
    choice(
      ['now', 'unit', 'flush'],
      'Once (`now`, the default), or a continuation after every final unit or every flush, until `cancel`.',
    ),
  ),
});

const say = message('say', 'Asks that units be spoken; answered by `w`s and `wend`.', {
  id: id('Given back in `w` and `wend`.'),
  of: choice(
    ['units', 'continuation'],
    '`units`: those of `us` or `ids`, or, without either, the stream’s own from now on. `continuation`: what comes next, by `gen`.',
  ),
  voice: may(text(MAX_NAME_LENGTH, 'One of `ready.model.voices`; default: the first.')),
  us: may(list(places(), MAX_SAID_UNITS, '`[id, s, e]` of units, one behind the other.')),
  ids: may(
    list(sample(''), MAX_SAID_UNITS, 'Units that say no length: each is as long as it mostly is.'),
  ),
  fine: may(
    list(
      sample(''),
      MAX_SAID_UNITS,
      'The finer name of each of `us` or `ids`; 0 of a pause, or unknown.',
    ),
  ),
  model: may(
    text(
      MAX_TEXT_LENGTH,
      'Name or hash of the bundle that the units are of; any other than the server’s own is refused with `model`.',
    ),
  ),
  gen: may(
    map(
      {
        max: may(integer(1, 300, 'Units at most; 300 by default.')),
        seconds: may(number(0.01, 120, 'Seconds at most; none by default.')),
        temp: may(number(0, 10, 'As in `gen`.')),
        seed: may(integer(0, MAX_SAMPLE, 'As in `gen`.')),
        top_k: may(integer(1, 65_536, 'As in `gen`.')),
        top_p: may(number(0, 1, 'As in `gen`.')),
        penalty: may(number(0.1, 10, 'As in `gen`.')),
      },
      'Of a continuation: how it is drawn.',
    ),
  ),
  keep: may(flag('A newer unit does not end it. Default false.')),
  lookahead: may(
    flag('Whether a unit waits for the next one, and leads over to it. Default true.'),
  ),
  credit: may(sample('Samples that may be sent before the first `heard`; 32000 by default.')),
});

const heard = message('heard', 'Lets more sound of a `say` come.', {
  id: id('Of the `say`.'),
  n: sample('Samples before this one were heard, or are no more wanted to wait for.'),
  credit: sample('Samples that may be sent from `n` on.'),
});

const cancel = message(
  'cancel',
  'Ends a continuation, a standing request for them, or what is being said; answered by its last `gend`, or its `wend`.',
  { id: id('Of the `gen` or the `say`.') },
);

const end = message('end', 'No more audio. Everything is decided, then `done`.', {});

/** Every message that a client may send, by its `t`. */
export const CLIENT_MESSAGES = {
  hello,
  a,
  again,
  set,
  gap,
  flush,
  gen,
  say,
  heard,
  cancel,
  end,
  ping,
  pong,
};
