import type { ClientMessage, ServerMessage } from '../../src/protocol/index.ts';

/** Eight samples of s16le: 0, 1, −1, 32767, −32768, 256, 2, 3. */
const pcm = Uint8Array.of(0, 0, 1, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0x80, 0, 1, 2, 0, 3, 0);
/** The two float32 values 1 and −0.5. */
const vector = Uint8Array.of(0, 0, 0x80, 0x3f, 0, 0, 0, 0xbf);
const sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
const audio = { fmt: 's16le', rate: 16_000, ch: 1 } as const;

/** What every `ready` tells of the model and the bounds. */
const told = {
  model: {
    id: 'small',
    sha256,
    unit_hz: 4.4,
    frame_hz: 50,
    units: 256,
    lookahead_ms: 240,
    rate: 'natural',
    lambda: 2,
  },
  limits: { msg_bytes: 65_536, ahead_ms: 4000, idle_ms: 60_000, session_s: 14_400 },
} as const;

/** What a client may send, under the names of the golden files. */
export const CLIENT_EXAMPLES: Readonly<Record<string, ClientMessage>> = {
  hello: { t: 'hello', v: 1, audio },
  'hello-full': {
    t: 'hello',
    v: 1,
    audio: { fmt: 'f32le', rate: 48_000, ch: 2 },
    model: 'small',
    want: { partials: true, features: false, continuation: false },
    pace: 'file',
    rate: 6.25,
    max_delay_ms: 800,
    resume: { token: 'dG9rZW4', after: 41, flush: 'f1', only: true },
    client: { name: 'sylstream', version: '0.1.0' },
  },
  a: { t: 'a', n: 0, d: pcm },
  'a-empty': { t: 'a', n: 8, d: new Uint8Array(0) },
  'a-late': { t: 'a', n: 4_294_967_295, d: pcm },
  'a-beyond-32-bits': { t: 'a', n: 4_294_967_296, d: pcm },
  again: { t: 'again', n: 16_000, d: pcm },
  'again-hole': { t: 'again', n: 16_008, len: 320 },
  'hello-seal': {
    t: 'hello',
    v: 1,
    audio,
    want: { takeover: true },
    resume: { token: 'dG9rZW4', after: 41, only: true },
    seal: pcm,
  },
  'set-number': { t: 'set', rate: 5, k: 0 },
  'flush-place': { t: 'flush', id: 'f1', k: 1 },
  set: { t: 'set', rate: 5 },
  'set-from': { t: 'set', rate: 'natural', from: 32_000 },
  gap: { t: 'gap', n: 1600, len: 320 },
  flush: { t: 'flush', id: 'f1' },
  'flush-number': { t: 'flush', id: 7 },
  gen: { t: 'gen', id: 1, max: 5 },
  'gen-full': {
    t: 'gen',
    id: 'g1',
    max: 25,
    temp: 0.8,
    seed: 1,
    n: 4,
    top_k: 50,
    top_p: 0.9,
    penalty: 1.1,
    on: 'unit',
  },
  'gen-seconds': { t: 'gen', id: 'g2', max: 300, seconds: 1, on: 'flush' },
  cancel: { t: 'cancel', id: 'g1' },
  end: { t: 'end' },
  ping: { t: 'ping', x: 1 },
  pong: { t: 'pong', x: 1 },
};

/** What a server may send, under the names of the golden files. */
export const SERVER_EXAMPLES: Readonly<Record<string, ServerMessage>> = {
  ready: {
    t: 'ready',
    sid: 's-1',
    resumed: false,
    token: 'dG9rZW4',
    window_ms: 30_000,
    next: 0,
    credit: 64_000,
    audio,
    ...told,
  },
  'ready-takeover': {
    t: 'ready',
    sid: 's-1',
    resumed: true,
    token: 'dG9rZW4',
    window_ms: 30_000,
    next: 64_000,
    credit: 64_000,
    again: 16_000,
    k: 2,
    takeover: { bytes: 600_000, bits: 'int8 cpu 1.30.0 x64 avx2' },
    audio,
    ...told,
  },
  'ack-seal': { t: 'ack', n: 80_000, credit: 60_000, lag_ms: 3.5, seal: pcm, keep: 16_000, k: 2 },
  ack: { t: 'ack', n: 16_000, credit: 60_000, lag_ms: 3.5 },
  u: { t: 'u', i: 0, id: 17, s: 0, e: 3320, at: 8000, c: 0.25 },
  'u-pause': { t: 'u', i: 1, id: 0, s: 3320, e: 9720, at: 16_000, c: 1, pause: true },
  'u-features': { t: 'u', i: 2, id: 3, s: 9720, e: 12_920, at: 20_000, c: 0.5, f: vector },
  'u-forced': { t: 'u', i: 3, id: 4, s: 12_920, e: 16_120, at: 28_920, forced: true },
  p: { t: 'p', from: 4, us: [[5, 16_120, 19_320], [0, 19_320, 22_520]] }, // prettier-ignore
  'p-none': { t: 'p', from: 4, us: [] },
  flushed: { t: 'flushed', id: 'f1', n: 32_000, i: 9 },
  g: { t: 'g', id: 1, j: 0, k: 0, unit: 12, after: 8 },
  'g-probability': { t: 'g', id: 'g1', j: 1, k: 2, unit: 0, after: -1, lp: -0.5 },
  gend: { t: 'gend', id: 1, reason: 'unsupported' },
  'gend-more': { t: 'gend', id: 'g1', reason: 'superseded', after: 8, more: true },
  done: { t: 'done', units: 10, samples: 40_000, lag_p99_ms: 12.25 },
  goaway: { t: 'goaway', deadline_ms: 25_000, reason: 'drain' },
  'goaway-elsewhere': { t: 'goaway', deadline_ms: 25_000, reason: 'drain', elsewhere: true },
  ping: { t: 'ping', x: 'a' },
  pong: { t: 'pong' },
  error: { t: 'error', code: 'unknown_type', fatal: false, msg: 'what was expected', ref: 'x' },
  'error-capacity': {
    t: 'error',
    code: 'capacity',
    fatal: true,
    msg: 'the server is full',
    retry_after_ms: 2000,
  },
};

/** Bytes that a reader must refuse as `malformed`, in hexadecimal. */
export const REFUSED_EXAMPLES: Readonly<Record<string, string>> = {
  empty: '',
  'not-a-map': '93010203',
  'ends-in-a-value': '82a174a161a16e',
  'one-byte-behind': '81a174a3656e6400',
  'key-is-a-number': '8101a3656e64',
  'no-type': '81a16e00',
  'type-is-a-number': '81a17407',
  'text-is-not-utf8': '82a174a470696e67a178a1ff',
  'extension-type': '82a174a470696e67a178d40100',
  'date-extension': '82a174a470696e67a178d6ff00000000',
  'never-used-byte': '82a174a470696e67a178c1',
  'array-longer-than-message': '82a174a470696e67a178ddffffffff',
  'map-longer-than-message': 'dfffffffff',
  'text-longer-than-message': '81a174dbffffffff61',
  'nine-levels': '82a174a470696e67a178' + '91'.repeat(8) + '00',
  'negative-index': '83a174a161a16effa164c400',
  'index-is-text': '83a174a161a16ea130a164c400',
  'data-is-an-array': '83a174a161a16e00a1649101',
  'no-data': '82a174a161a16e00',
};
