import fc from 'fast-check';
import { pack } from 'msgpackr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Models } from '../../src/models/loadModels.ts';
import { codecOf, SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK } from '../../src/protocol/index.ts';
import type {
  ClientMessage,
  Codec,
  ServerMessage,
  WireError,
  WireId,
} from '../../src/protocol/index.ts';
import { bytesInUse } from '../helpers/garbage.ts';
import { exchange } from '../helpers/exchange.ts';
import { greet, HELLO, tone } from '../helpers/rawClient.ts';
import { untilEmpty } from '../helpers/untilEmpty.ts';
import { tinyModels, withServer } from '../helpers/server.ts';
import { createOracle } from '../helpers/wireOracle.ts';
import { CLIENT_EXAMPLES, SERVER_EXAMPLES } from '../vectors/examples.ts';

let models: Models;
beforeAll(async () => {
  Error.stackTraceLimit = 10; // as Node has it; vitest's 100 is most of the cost of an error
  models = await tinyModels();
});
afterAll(() => models.close());

/** In a run of all tests; more of them by hand. */
const MESSAGES = Number(process.env['SYLSTREAM_HOSTILE_MESSAGES'] ?? 20_000);
const ATTACKERS = 8;
/** Messages of a connection on which none is fatal. */
const MOST_MESSAGES = 60;
/** As little pace as there is: 60 s of audio are let in at once, and less than an hour's more while the test lasts. */
const SETTINGS = {
  messagesPerSecond: 1_000_000,
  resumeWindowMs: 0,
  aheadLiveMs: 60_000,
  aheadFileMs: 60_000,
  livePace: 1,
  filePace: 1,
};
const CREDIT_SECONDS = { sure: 60, most: 3600 };

const examples = [...Object.values(CLIENT_EXAMPLES), ...Object.values(SERVER_EXAMPLES)];
const golden = examples.map(packed);
const msgpack = codecOf(SUBPROTOCOL_MSGPACK)!;
const json = codecOf(SUBPROTOCOL_JSON)!;
const goldenText = examples.map((each) => json.encode(each) as string);

/** A message, made when it is sent: some of them depend on the sample that is expected then. */
type Hostile = (next: number) => Uint8Array | string;

function packed(message: object): Buffer {
  return Buffer.from(pack(message));
}

/** A golden message with some bytes changed. */
const mutated = fc
  .tuple(fc.constantFrom(...golden), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
  .map(([bytes, edits]) => {
    const copy = Buffer.from(bytes);
    for (const [place, value] of edits) copy[place % copy.length] = value;
    return copy;
  });

/** A message of a known type whose fields hold anything. */
const structured = fc
  .record({
    t: fc.constantFrom(...Object.keys(CLIENT_EXAMPLES).map((name) => name.split('-')[0]), 'x'),
    fields: fc.dictionary(
      fc.constantFrom(
        'n',
        'd',
        'len',
        'id',
        'rate',
        'from',
        'max',
        'x',
        'on',
        'audio',
        'v',
        'resume',
      ),
      fc.oneof(
        fc.integer(),
        fc.double(),
        fc.string(),
        fc.boolean(),
        fc.uint8Array({ maxLength: 400 }),
        fc.constantFrom(null, 0, 1, 'natural', 5, [], {}, [[[[[[[[[0]]]]]]]]]),
      ),
      { maxKeys: 6 },
    ),
  })
  .map(({ t, fields }) => packed({ ...fields, t }));

/** How far audio lies before (or, seldom, beyond) the sample that is expected. */
const distance = fc.oneof(
  { weight: 30, arbitrary: fc.constant(0) },
  { weight: 8, arbitrary: fc.integer({ min: -3000, max: -1 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3000 }) },
);

/** Valid messages in any order, so that sessions live long enough for the rest to matter. */
const valid: fc.Arbitrary<Hostile> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.tuple(distance, fc.nat(600)).map(
      ([away, length]) =>
        (next: number) =>
          packed(tone(Math.max(0, next + away), length)),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(distance, fc.integer({ min: 1, max: 5000 })).map(
      ([away, len]) =>
        (next: number) =>
          packed({ t: 'gap', n: Math.max(0, next + away), len }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .oneof(
        fc.constantFrom(
          { t: 'ping', x: 1 },
          { t: 'set', rate: 5 },
          { t: 'set', rate: 40 },
          { t: 'later' },
          { t: 'gen', id: 1, max: 3 },
          { t: 'gen', id: 2, max: 300, n: 16 },
          { t: 'gen', id: 3, max: 2, on: 'unit' },
          { t: 'cancel', id: 2 },
          { t: 'cancel', id: 3 },
        ),
        fc.record({ t: fc.constant('flush'), id: fc.nat(5) }),
      )
      .map((message) => () => packed(message)),
  },
);

/** Audio of any length in bytes, and gaps far beyond any credit. */
const excessive: fc.Arbitrary<Hostile> = fc.oneof(
  fc.uint8Array({ maxLength: 401 }).map((d) => (n: number) => packed({ t: 'a', n, d })),
  fc
    .integer({ min: 2 ** 40, max: 2 ** 50 })
    .map((len) => (n: number) => packed({ t: 'gap', n, len })),
);

/** A value that a server takes, nine times in ten. */
function mostly<T>(good: readonly T[], bad: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...bad) },
  );
}

/** Hellos with fields at and beyond their borders; one in two is good, so that sessions in every format begin. */
const hello: fc.Arbitrary<Hostile> = fc
  .record(
    {
      t: fc.constant('hello'),
      v: mostly([1, 2, 65_535], [0]),
      audio: fc.record({
        fmt: mostly(['s16le', 'f32le', 'mulaw', 'alaw'], ['flac']),
        rate: mostly([8000, 16_000, 44_100, 192_000], [7999, 192_001]),
        ch: mostly([1, 2, 6], [0, 7]),
      }),
      model: mostly([null], ['large']),
      pace: fc.constantFrom('live', 'file'),
      rate: mostly(['natural', 5], [49]),
      max_delay_ms: mostly([300], [0, 60_000]),
      resume: fc.record({
        token: fc.string(),
        after: fc.constant(-1),
        only: mostly([false], [true]),
      }),
    },
    { requiredKeys: ['t', 'v', 'audio'] },
  )
  .map((message) => () => packed(message));

const anything = fc.oneof(
  { weight: 3, arbitrary: mutated.map((bytes) => () => bytes) },
  { weight: 3, arbitrary: structured.map((bytes) => () => bytes) },
  { weight: 24, arbitrary: valid },
  { weight: 1, arbitrary: excessive },
  { weight: 1, arbitrary: hello },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => () => Buffer.from(bytes)) }, // prettier-ignore
);

/** What comes first, where a hello is due: of valid messages, all of which are too early, only a few. */
const first = fc.oneof(
  { weight: 16, arbitrary: hello },
  { weight: 3, arbitrary: mutated.map((bytes) => () => bytes) },
  { weight: 3, arbitrary: structured.map((bytes) => () => bytes) },
  { weight: 2, arbitrary: anything },
);

/** The same for the JSON form: golden text with some characters changed, any JSON, any text. */
const brokenText = fc
  .oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(
          fc.constantFrom(...goldenText),
          fc.array(fc.tuple(fc.nat(), fc.string({ minLength: 1, maxLength: 1 })), { maxLength: 3 }),
        )
        .map(([text, edits]) =>
          edits.reduce((now, [place, character]) => {
            const at = place % now.length;
            return now.slice(0, at) + character + now.slice(at + 1);
          }, text),
        ),
    },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string() },
  )
  .map(
    (text): Hostile =>
      () =>
        text,
  );

/** A message of the binary form in the JSON one. */
function asText(message: Hostile): Hostile {
  return (next) => json.encode(msgpack.decode(message(next)) as ClientMessage);
}

/** Broken text between valid messages, so that sessions live on. */
const anyText = fc.oneof(
  { weight: 1, arbitrary: brokenText },
  { weight: 3, arbitrary: valid.map(asText) },
);
const firstText = fc.oneof(
  { weight: 1, arbitrary: brokenText },
  { weight: 1, arbitrary: hello.map(asText) },
);

/** What came of one connection. */
interface Attack {
  /** Messages whose answer, or silence, was what the protocol says. */
  readonly judged: number;
  /** Errors that came, by code. */
  readonly errors: readonly string[];
}

/** Messages of one kind of connection. */
interface Corpus {
  readonly codec: Codec;
  /** Those that come where a hello is due; without them a good hello comes first. */
  readonly first?: Hostile[];
  readonly messages: Hostile[];
}

/** Takes messages from the end of a corpus until one is fatal or enough were taken, sends them, and checks every answer. */
async function attack(url: string, { codec, first, messages }: Corpus): Promise<Attack> {
  const greeted = first === undefined;
  const oracle = createOracle({
    models,
    codec,
    creditSeconds: CREDIT_SECONDS,
    ...(greeted && { hello: HELLO }),
  });
  const sent: (Uint8Array | string)[] = [];
  const expected: object[] = greeted ? [{ t: 'ready' }] : [];
  const flushes: WireId[] = [];
  const requests: WireId[] = [];
  let close = 1000;
  let isOver = false;

  while (!isOver && sent.length < MOST_MESSAGES) {
    const next = (sent.length === 0 && first?.pop()) || messages.pop();
    if (next === undefined) break;
    const message = next(oracle.received);
    const verdict = oracle.judge(message);
    if (verdict.kind === 'unclear') continue;
    sent.push(message);
    if (verdict.kind === 'ready') expected.push({ t: 'ready' });
    if (verdict.kind === 'answer') expected.push(verdict.message);
    if (verdict.kind === 'flushed') flushes.push(verdict.id);
    if (verdict.kind === 'asked') requests.push(verdict.id);
    isOver = verdict.kind === 'fatal' || verdict.kind === 'done';
    if (verdict.kind === 'fatal') {
      expected.push({ t: 'error', code: verdict.code, fatal: true });
      close = verdict.close;
    }
  }
  const judged = sent.length;
  if (judged === 0) return { judged, errors: [] };
  const isFatal = close !== 1000;
  if (!isFatal) {
    if (!isOver) sent.push(codec.encode({ t: 'end' }));
    expected.push({ t: 'done', samples: oracle.received });
  }

  const { received, close: closedWith } = await exchange(url, codec, [
    ...(greeted ? [codec.encode(HELLO)] : []),
    ...sent,
  ]);
  const answers = received.filter(
    (each) => !LATER.includes(each.t) && !isAboutContinuation(each) && !isSuspicion(each),
  );
  const flushed = received.flatMap((each) => (each.t === 'flushed' ? [each.id] : []));
  // One comparison for all: a hundred thousand of each cost more than what they look at.
  expect({ close: closedWith, answers, flushed }).toMatchObject({
    close,
    answers: expected,
    flushed: isFatal ? flushes.slice(0, flushed.length) : flushes,
  });
  const ended = received.flatMap((each) => {
    if (each.t === 'gend') return each.more ? [] : [each.id];
    return isAboutContinuation(each) ? [(each as WireError).ref!] : [];
  });
  for (const id of ended) {
    const place = requests.indexOf(id);
    if (place < 0) throw new Error(`an answer to a continuation ${id} that nobody asked for`);
    requests.splice(place, 1); // each at most once
  }
  if (!isFatal && requests.length > 0) throw new Error(`no end of continuations ${requests}`);
  const errors = received.flatMap((each) => (each.t === 'error' ? [each.code] : []));
  return { judged, errors };
}

function messagesIn({ first = [], messages }: Corpus): number {
  return first.length + messages.length;
}

/** What comes when it is ready, not in the order of the messages. */
const LATER = ['ack', 'u', 'p', 'flushed', 'g', 'gend'];

/** Whether a message refuses a `gen`: there are too many, or its id is under way. */
function isAboutContinuation(message: ServerMessage): boolean {
  if (message.t !== 'error' || message.fatal || message.ref === 'set') return false;
  return message.code === 'rate_limited' || message.code === 'option';
}

/** Whether a message says that the audio does not sound like speech: hostile audio seldom does. */
function isSuspicion(message: ServerMessage): boolean {
  return message.t === 'error' && message.code === 'audio_suspect' && !message.fatal;
}

describe('hostile messages', { timeout: 900_000 }, () => {
  it(`get the answer that the protocol says, each of ${MESSAGES}, with bounded memory`, async () => {
    const share = (of: number): number => Math.round(MESSAGES * of);
    const sample = <T>(arbitrary: fc.Arbitrary<T>, numRuns: number, seed: number): T[] =>
      fc.sample(arbitrary, { numRuns, seed });
    const corpora: Corpus[] = [
      { codec: msgpack, messages: sample(anything, share(0.4), 20_260_805) },
      {
        codec: msgpack,
        first: sample(first, share(0.14), 20_260_806),
        messages: sample(anything, share(0.26), 20_260_809),
      },
      { codec: json, messages: sample(anyText, share(0.12), 20_260_807) },
      {
        codec: json,
        first: sample(firstText, share(0.04), 20_260_808),
        messages: sample(anyText, share(0.04), 20_260_810),
      },
    ];
    const left = corpora.reduce((sum, corpus) => sum + messagesIn(corpus), 0);
    expect(left).toBe(MESSAGES);

    await withServer(models, SETTINGS, async ({ streamUrl, url }) => {
      for (const { codec, first } of corpora) {
        const each: Hostile[] = (codec === json ? goldenText : golden).map((one) => () => one); // reaches every path once before memory is measured
        const warmUp = first ? { codec, first: each, messages: [] } : { codec, messages: each };
        while (messagesIn(warmUp) > 0) await attack(streamUrl, warmUp);
      }
      const before = bytesInUse();
      const errorsBefore = errorCounts(await untilEmpty(url));
      const codes = new Map<string, number>();
      let judged = 0;
      let connections = 0;

      async function attacker(): Promise<void> {
        for (const corpus of corpora) {
          while (messagesIn(corpus) > 0) {
            const result = await attack(streamUrl, corpus);
            judged += result.judged;
            connections++;
            for (const code of result.errors) codes.set(code, (codes.get(code) ?? 0) + 1);
          }
        }
      }
      await Promise.all(Array.from({ length: ATTACKERS }, attacker));
      const errorsAfter = errorCounts(await untilEmpty(url));
      const grownMib = (bytesInUse() - before) / 2 ** 20;
      console.log(
        `${judged} messages judged on ${connections} connections, ${MESSAGES - judged} left out, ` +
          `${grownMib.toFixed(1)} MiB more, ${JSON.stringify([...codes])}`,
      );
      expect(judged).toBeGreaterThan(MESSAGES - 100); // the rest: how much may come is the clock's to say
      expect(grownMib).toBeLessThan(32);
      const reached = ['malformed', 'unknown_type', 'order', 'audio_gap', 'audio_bytes', 'option', 'overrun', 'audio_format', 'audio_not_finite', 'model', 'resume_expired']; // prettier-ignore
      expect([...codes.keys()].sort()).toEqual(expect.arrayContaining(reached.sort()));
      const counted = [...errorsAfter].map(([code, count]) => [code, count - (errorsBefore.get(code) ?? 0)] as const); // prettier-ignore
      expect(new Map(counted.filter(([, count]) => count > 0))).toEqual(codes); // the server's own count is the same
      await greet(streamUrl); // it still serves
    });
  });
});

/** The server's own count of the errors that it said, by their code on the wire. */
function errorCounts(metrics: string): Map<string, number> {
  const lines = metrics.matchAll(/^sylstream_errors_total\{code="SYLSTREAM_ERR_(\w+)"\} (\d+)$/gm);
  return new Map([...lines].map(([, code, count]) => [code.toLowerCase(), Number(count)]));
}
