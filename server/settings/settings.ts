import type { ForwardedStyle } from '../address/forwardedHeaders.ts';
import { isHostName } from '../address/hosts.ts';
import { isOrigin } from '../address/origin.ts';
import { isProxyName } from '../address/trustedProxies.ts';

/** Everything that a deployment may set. One flat object, checked once and frozen. */
export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly bundle: string;
  readonly precision: 'int8' | 'fp32';
  readonly workers: number;
  readonly providers: readonly string[];
  readonly triton: string;
  readonly capacity: number;
  readonly livePace: number;
  readonly filePace: number;
  readonly aheadLiveMs: number;
  readonly aheadFileMs: number;
  readonly resumeWindowMs: number;
  readonly parkedSessions: number;
  readonly eventLog: number;
  readonly resumeKeys: readonly string[];
  readonly takeoverBytes: number;
  readonly takeovers: number;
  readonly upgradeTimeoutMs: number;
  readonly helloTimeoutMs: number;
  readonly idleMs: number;
  readonly pingMs: number;
  readonly closeTimeoutMs: number;
  readonly sessionSeconds: number;
  readonly goawayMs: number;
  readonly drainMs: number;
  readonly bufferedBytes: number;
  readonly messagesPerSecond: number;
  readonly continuationRequests: number;
  readonly predictedPerSecond: number;
  readonly hypotheses: number;
  readonly speechRequests: number;
  readonly speeches: number;
  readonly speechPace: number;
  readonly openPerAddress: number;
  readonly newPerAddressPerSecond: number;
  readonly silentPerAddress: number;
  readonly unauthenticated: number;
  readonly headerBytes: number;
  readonly headerCount: number;
  readonly fragments: number;
  readonly bufferedChunks: number;
  readonly ticketTtlMs: number;
  readonly memoryMib: number;
  readonly trustLoopback: boolean;
  readonly trustProxy: readonly string[];
  readonly proxyHeaders: ForwardedStyle;
  readonly hosts: readonly string[];
  readonly token: string;
  readonly tokenHashes: readonly string[];
  readonly origins: readonly string[];
  readonly tlsCert: string;
  readonly tlsKey: string;
  readonly insecure: boolean;
  readonly web: string;
  readonly logLevel: string;
}

/** What a text or an item of a list looks like. */
export interface Shape {
  readonly fits: (text: string) => boolean;
  readonly like: string;
}

/** How one setting is read, checked and explained. */
export type Setting = {
  readonly name: keyof Settings;
  /** For `--help` and the documentation. */
  readonly about: string;
  /** Masked wherever it would be printed. */
  readonly secret?: boolean;
} & (
  | {
      readonly kind: 'text';
      readonly default: string;
      readonly choices?: readonly string[];
      /** Whether text can stand there, and what it looks like. */
      readonly items?: Shape;
    }
  | {
      readonly kind: 'integer' | 'number';
      readonly default: number;
      readonly min: number;
      readonly max: number;
    }
  | { readonly kind: 'flag'; readonly default: boolean }
  | {
      readonly kind: 'list';
      readonly default: readonly string[];
      /** Whether an item can stand there, and what one looks like. */
      readonly items?: Shape;
    }
);

const DAY_MS = 86_400_000;

/** Every setting with its default; `docs/protocol.md` lists those that a client can run into. */
export const SETTINGS: readonly Setting[] = [
  text('host', '127.0.0.1', 'address to listen on'),
  integer('port', 8990, 0, 65_535, 'port to listen on; 0 takes a free one'),
  text('bundle', '', 'folder of the model bundle; empty: the one of the package'),
  { ...text('precision', 'int8', 'weights'), choices: ['int8', 'fp32'] },
  integer('workers', 0, 0, 64, 'threads that own streams; 0: as many as there are cores'),
  {
    ...list('providers', ['cpu'], 'execution providers, the first that works'),
    items: { fits: (item) => /^(cpu|cuda|webgpu)$/.test(item), like: 'cpu, cuda or webgpu' },
  },
  {
    ...text(
      'triton',
      '',
      'HOST:PORT of a Triton server that runs the encoder; empty: it runs here',
    ),
    items: {
      fits: (it) => it === '' || /^[^\s/]+:\d{1,5}$/.test(it),
      like: 'HOST:PORT, without a scheme',
    },
  },
  number('capacity', 0, 0, 100_000, 'live streams at once; 0: measured at start'),
  number('livePace', 1.25, 1, 1000, 'times real time at which live audio is let in'),
  number(
    'filePace',
    8,
    1,
    1000,
    'times real time at which file audio is let in; what a file session counts for',
  ),
  integer('aheadLiveMs', 4000, 500, 60_000, 'live audio that may wait unprocessed'),
  integer('aheadFileMs', 30_000, 500, 600_000, 'file audio that may wait unprocessed'),
  integer('resumeWindowMs', 30_000, 0, DAY_MS, 'how long a dropped session waits'),
  integer('parkedSessions', 1000, 0, 1_000_000, 'dropped sessions that wait at once'),
  integer('eventLog', 4096, 1, 1_000_000, 'events of a session that can be sent again'),
  {
    ...list(
      'resumeKeys',
      [],
      'secrets that gateways share, to take sessions over; the first seals',
    ),
    items: {
      fits: (item) => /^[!-~]{32,1024}$/.test(item),
      like: '32 characters of ASCII or more',
    },
    secret: true,
  },
  integer(
    'takeoverBytes',
    8_388_608,
    0,
    1_073_741_824,
    'audio that a client may have to keep to be taken over; 0: no takeovers',
  ),
  integer('takeovers', 32, 1, 65_536, 'sessions that are taken over at once'),
  integer('upgradeTimeoutMs', 5000, 10, 600_000, 'deadline of the HTTP request'),
  integer('helloTimeoutMs', 5000, 10, 600_000, 'deadline of the hello'),
  integer(
    'idleMs',
    60_000,
    10,
    DAY_MS,
    'time without a whole message, ping or pong after which a socket is closed',
  ),
  integer('pingMs', 15_000, 10, DAY_MS, 'time between pings'),
  integer('closeTimeoutMs', 5000, 10, 600_000, 'time for the closing handshake'),
  integer('sessionSeconds', 14_400, 1, 31_536_000, 'longest session'),
  integer('goawayMs', 30_000, 0, DAY_MS, 'warning before the longest session ends'),
  integer('drainMs', 25_000, 0, DAY_MS, 'time for sessions to finish when the server stops'),
  integer('bufferedBytes', 1_048_576, 1024, 1_073_741_824, 'bytes that wait for a client to read'),
  integer('messagesPerSecond', 2000, 10, 10_000_000, 'messages of one socket; more are read later'),
  integer(
    'continuationRequests',
    4,
    1,
    64,
    'requests for continuations of a session that are not over',
  ),
  integer(
    'predictedPerSecond',
    1000,
    1,
    1_000_000,
    'predicted units a second of a session; 5 s of them at once',
  ),
  integer('hypotheses', 256, 16, 65_536, 'hypotheses of all sessions under way at once'),
  integer('speechRequests', 2, 1, 64, 'what may be said for a session at once'),
  integer('speeches', 64, 1, 65_536, 'what may be said for all sessions at once'),
  number('speechPace', 2, 1, 1000, 'times real time at which speech is made; 4 s of it at once'),
  integer('openPerAddress', 16, 1, 1_000_000, 'sockets without a credential open from one address'),
  number(
    'newPerAddressPerSecond',
    10,
    0.1,
    1_000_000,
    'sockets without a credential opened from one address',
  ),
  integer(
    'silentPerAddress',
    64,
    1,
    1_000_000,
    'connections without a hello from one address; over it the oldest is cut',
  ),
  integer(
    'unauthenticated',
    256,
    1,
    1_000_000,
    'connections without a hello in all; over it the oldest of whom has most is cut',
  ),
  integer('headerBytes', 8192, 1024, 1_048_576, 'size of the HTTP headers'),
  integer('headerCount', 64, 8, 2000, 'number of the HTTP headers'),
  integer('fragments', 16, 1, 65_536, 'fragments of a message'),
  integer('bufferedChunks', 1024, 16, 262_144, 'pieces of an unfinished message'),
  integer('ticketTtlMs', 60_000, 10, DAY_MS, 'life of a one-time ticket'),
  integer(
    'memoryMib',
    0,
    0,
    1_048_576,
    'resident memory above which no session begins; 0: 80 % of the machine’s',
  ),
  flag(
    'trustLoopback',
    false,
    'no bounds per address for programs on the machine itself; not where a proxy runs there',
  ),
  {
    ...list(
      'trustProxy',
      [],
      'proxies whose forwarded headers count: addresses, networks, "loopback"',
    ),
    items: { fits: isProxyName, like: 'addresses, networks as 10.0.0.0/8, or loopback' },
  },
  {
    ...text('proxyHeaders', 'x-forwarded', 'what they write: X-Forwarded-For, … or Forwarded'),
    choices: ['x-forwarded', 'forwarded'],
  },
  {
    ...list('hosts', [], 'names under which it answers, beside loopback’s and its own host'),
    items: { fits: isHostName, like: 'app.example, *.app.example or *, without port' },
  },
  {
    ...text('token', '', 'a bearer token; better from the environment than from a flag'),
    items: { fits: (token) => /^[!-~]*$/.test(token), like: 'printable ASCII without spaces' },
    secret: true,
  },
  {
    ...list('tokenHashes', [], 'SHA-256 of bearer tokens, in hexadecimal'),
    items: { fits: (item) => /^[0-9a-f]{64}$/.test(item), like: '64 hexadecimal digits' },
    secret: true,
  },
  {
    ...list('origins', [], 'origins of pages that may connect, beside the server’s own'),
    items: {
      fits: isOrigin,
      like: 'https://app.example (scheme, host, port where it is not the usual one; no path)',
    },
  },
  text('tlsCert', '', 'file with the TLS certificate chain, PEM'),
  text('tlsKey', '', 'file with its private key, PEM'),
  flag('insecure', false, 'listen beyond the machine itself without tokens or without TLS'),
  text('web', '', 'folder of the page; empty: the one of the package; "none": no page'),
  { ...text('logLevel', 'info', 'what is logged'), choices: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] }, // prettier-ignore
];

type Name = keyof Settings;

function text(name: Name, value: string, about: string) {
  return { kind: 'text', name, default: value, about } as const;
}

function integer(name: Name, value: number, min: number, max: number, about: string) {
  return { kind: 'integer', name, default: value, min, max, about } as const;
}

function number(name: Name, value: number, min: number, max: number, about: string) {
  return { kind: 'number', name, default: value, min, max, about } as const;
}

function list(name: Name, value: readonly string[], about: string) {
  return { kind: 'list', name, default: value, about } as const;
}

function flag(name: Name, value: boolean, about: string) {
  return { kind: 'flag', name, default: value, about } as const;
}
