import { WebSocket } from 'ws';
import { codecOf, SUBPROTOCOL_MSGPACK, validateServerMessage } from '../../src/protocol/index.ts';
import type { Hello, ServerMessage } from '../../src/protocol/index.ts';

/** What to open. */
export interface Openings {
  readonly url: string;
  /** Sessions in all, and at once. */
  readonly count: number;
  readonly parallel: number;
  /** Whether one in eight is cut without a word, so that the server waits for its client; else it is closed as all are. */
  readonly cuts: boolean;
}

const codec = codecOf(SUBPROTOCOL_MSGPACK)!;
/** Rates in turn, so that half of the sessions keep a resampler. */
const RATES = [16_000, 48_000];
/** Seconds of noise in each: two encoder steps of 160 ms and a piece of a third. */
const SECONDS = 0.4;
/** Of so many sessions one asks for a continuation, one is cut (or not), one begins and says nothing. */
const TURN = 8;

/** Opens and closes sessions; resolves with the codes of those that were refused. */
export async function openAndClose({
  url,
  count,
  parallel,
  cuts,
}: Openings): Promise<Map<string, number>> {
  const refused = new Map<string, number>();
  let next = 0;
  async function openNext(): Promise<void> {
    while (next < count) {
      const code = await once(url, next++, cuts);
      if (code !== undefined) refused.set(code, (refused.get(code) ?? 0) + 1);
    }
  }
  await Promise.all(Array.from({ length: parallel }, openNext));
  return refused;
}

/** One session's life; the code with which it was refused, if it was. */
function once(url: string, index: number, cuts: boolean): Promise<string | undefined> {
  const rate = RATES[index % RATES.length];
  const turn = Math.floor(index / RATES.length) % TURN;
  const hello: Hello = { t: 'hello', v: 1, audio: { fmt: 's16le', rate, ch: 1 } };
  return new Promise((resolve) => {
    const socket = new WebSocket(url, [codec.subprotocol], { perMessageDeflate: false });
    const say = (message: Parameters<typeof codec.encode>[0]): void =>
      socket.send(codec.encode(message));
    let code: string | undefined;
    function answered(message: ServerMessage): void {
      if (message.t === 'error' && message.fatal) code = message.code;
      if (message.t === 'flushed' || message.t === 'gend') socket.close(1000);
      if (message.t !== 'ready') return;
      if (turn === 0) return socket.close(1000);
      say({ t: 'a', n: 0, d: noise(rate * SECONDS) });
      if (turn === 1 && cuts) return socket.terminate();
      if (turn === 2) say({ t: 'gen', id: 'g', max: 4, on: 'flush' });
      say({ t: 'flush', id: 'f' });
    }
    socket.on('open', () => say(hello));
    socket.on('message', (data: Buffer) => answered(validateServerMessage(codec.decode(data))));
    socket.on('error', (error) => (code ??= error.message));
    socket.on('close', () => resolve(code));
  });
}

function noise(samples: number): Uint8Array {
  const pcm = Int16Array.from({ length: samples }, () => 2000 * (Math.random() - 0.5));
  return new Uint8Array(pcm.buffer);
}
