import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';
import {
  codecOf,
  SUBPROTOCOL_JSON,
  SUBPROTOCOL_MSGPACK,
  validateServerMessage,
} from '../../src/protocol/index.ts';
import type {
  ClientMessage,
  Hello,
  Ready,
  ServerMessage,
  WireError,
} from '../../src/protocol/index.ts';

/** A hello for mono s16le at 16 kHz. */
export const HELLO: Hello = { t: 'hello', v: 1, audio: { fmt: 's16le', rate: 16_000, ch: 1 } };

/** Options of `dial()`. */
export interface DialOptions {
  readonly json?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the socket: where it comes from, whom it trusts. */
  readonly connect?: ClientOptions;
  /** Beside the codec's. */
  readonly protocols?: readonly string[];
  /** Sent at once. */
  readonly hello?: Partial<Hello> | false;
}

/** A client that does as it is told, right or wrong. */
export interface RawClient {
  readonly socket: WebSocket;
  /** All that came. */
  readonly received: readonly ServerMessage[];
  /** The close code. */
  readonly closed: Promise<number>;
  send(message: ClientMessage | Record<string, unknown>): void;
  sendRaw(data: Uint8Array | string): void;
  /** The next message of a type that was not returned yet; rejects when the socket closes first. */
  next<T extends ServerMessage['t']>(type: T): Promise<Extract<ServerMessage, { t: T }>>;
  /** The fatal error and the close code that follow. */
  refusal(): Promise<{ code: string | undefined; close: number; error: WireError | undefined }>;
}

/** Connects; resolves when the socket is open (it may be refused right after). */
export async function dial(url: string, options: DialOptions = {}): Promise<RawClient> {
  const codec = codecOf(options.json ? SUBPROTOCOL_JSON : SUBPROTOCOL_MSGPACK)!;
  const socket = new WebSocket(url, [codec.subprotocol, ...(options.protocols ?? [])], {
    ...options.connect,
    headers: options.headers,
    perMessageDeflate: false,
  });
  const received: ServerMessage[] = [];
  const pending: ServerMessage[] = [];
  const waiting = new Set<() => void>();
  const wake = (): void => waiting.forEach((each) => each());
  let isClosed = false;
  socket.on('message', (data: Buffer, isBinary) => {
    const message = validateServerMessage(codec.decode(isBinary ? data : data.toString()));
    received.push(message);
    pending.push(message);
    wake();
  });
  const closed = new Promise<number>((resolve) =>
    socket.on('close', (code) => {
      isClosed = true;
      wake();
      resolve(code);
    }),
  );
  await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.on('error', () => undefined);

  async function take(
    matches: (message: ServerMessage) => boolean,
  ): Promise<ServerMessage | undefined> {
    for (;;) {
      const index = pending.findIndex(matches);
      if (index >= 0) return pending.splice(index, 1)[0];
      if (isClosed) return undefined;
      await new Promise<void>((resolve) => {
        const listener = (): void => {
          waiting.delete(listener);
          resolve();
        };
        waiting.add(listener);
      });
    }
  }

  const client: RawClient = {
    socket,
    received,
    closed,
    send: (message) =>
      socket.send(codec.encode(message as ClientMessage), { binary: codec.binary }),
    sendRaw: (data) => socket.send(data),
    async next(type) {
      const message = await take(({ t }) => t === type);
      if (message === undefined)
        throw new Error(`closed before ${type}: ${JSON.stringify(received.at(-1))}`);
      return message as Extract<ServerMessage, { t: typeof type }>;
    },
    async refusal() {
      const error = (await take((each) => each.t === 'error' && each.fatal)) as
        WireError | undefined;
      return { code: error?.code, close: await closed, error };
    },
  };
  if (options.hello !== false) client.send({ ...HELLO, ...options.hello });
  return client;
}

/** Connects and waits for `ready`. */
export async function greet(
  url: string,
  options: DialOptions = {},
): Promise<RawClient & { ready: Ready }> {
  const client = await dial(url, options);
  return { ...client, ready: await client.next('ready') };
}

/** An `a` message of so many samples of a quiet tone, from sample `n` on. */
export function tone(n: number, samples: number): ClientMessage {
  const pcm = new Int16Array(samples).map((_, i) => 3000 * Math.sin(0.1 * (n + i)));
  return { t: 'a', n, d: new Uint8Array(pcm.buffer) };
}
