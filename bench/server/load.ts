import { WebSocket } from 'ws';
import { codecOf, SUBPROTOCOL_MSGPACK, validateServerMessage } from '../../src/protocol/index.ts';
import type { ContinueRequest, ServerMessage } from '../../src/protocol/index.ts';
import { summarise } from '../../src/bench/percentiles.ts';
import type { Summary } from '../../src/bench/percentiles.ts';
import { createContinuationMeter } from './continuationMeter.ts';
import type { ContinuationFigures } from './continuationMeter.ts';
import { repeated, speechBytes } from './speech.ts';

/** What to send. */
export interface Load {
  readonly url: string;
  /** Loopback address that the clients come from; default: the system's choice. */
  readonly from?: string;
  readonly streams: number;
  readonly seconds: number;
  /** Milliseconds of audio in a message. */
  readonly chunkMs: number;
  /** A message is late by up to so much, at random. */
  readonly jitterMs: number;
  /** `units`: lag of units; `echo`: of the messages themselves, that come back. */
  readonly answers: 'units' | 'echo';
  /** Every stream asks for so many seconds of continuation after the last unit of every step; default: none does. */
  readonly continueSeconds?: number;
  /** Called when all streams have begun and the measurement begins. */
  readonly onMeasuring?: () => void;
}

/** What came of it. */
export interface LoadResult {
  readonly streams: number;
  /** From the moment when the sample that decided a unit was sent to its arrival; or the round trip of an echo. */
  readonly lagMs: Summary;
  /** How late the generator itself was: the measurement is good only while this is small. */
  readonly sendDelayMs: Summary;
  readonly units: number;
  /** Connections that were refused or lost, by code. */
  readonly lost: Readonly<Record<string, number>>;
  readonly retryAfterMs: readonly number[];
  /** With `continueSeconds`. */
  readonly continuations?: ContinuationFigures;
}

interface Client {
  readonly index: number;
  readonly socket: WebSocket;
  readonly sentAt: number[];
  readonly offset: number;
  n: number;
  dueAt: number;
  isReady: boolean;
}

const codec = codecOf(SUBPROTOCOL_MSGPACK)!;
const TICK_MS = 2;

/** Streams begin one after the other in this time, so that their encoder steps do not fall together; at most 2 s. */
export function rampMs(seconds: number): number {
  return Math.min(2000, seconds * 200);
}

/** Runs a load of live streams, spread in phase, and measures once all have begun. */
export async function runLoad(load: Load): Promise<LoadResult> {
  const { streams, seconds, chunkMs, jitterMs, url, from, answers, continueSeconds } = load;
  const continuations = createContinuationMeter(streams);
  const speech = speechBytes();
  const chunk = 16 * chunkMs;
  const lags: number[] = [];
  const delays: number[] = [];
  const lost: Record<string, number> = {};
  const retries: number[] = [];
  let units = 0;
  let isMeasuring = false;

  function answered(client: Client, message: ServerMessage): void {
    continuations.take(client.index, message, performance.now(), isMeasuring);
    if (message.t === 'ready') client.isReady = true;
    if (message.t === 'error') {
      lost[message.code] = (lost[message.code] ?? 0) + 1;
      if (message.retry_after_ms !== undefined) retries.push(message.retry_after_ms);
    }
    if (message.t !== 'u') return;
    units++;
    const sentAt = client.sentAt[Math.floor((message.at - 1) / chunk)];
    if (isMeasuring && sentAt !== undefined) lags.push(performance.now() - sentAt);
  }

  async function open(index: number): Promise<Client> {
    const socket = new WebSocket(url, answers === 'units' ? [codec.subprotocol] : [], {
      perMessageDeflate: false,
      ...(from !== undefined && { localAddress: from }),
      generateMask: (mask) => mask.fill(0), // the server unmasks all the same; the generator has less to do
    });
    const client: Client = {
      index,
      socket,
      sentAt: [],
      offset: index * 7919 * 16,
      n: 0,
      dueAt: 0,
      isReady: answers === 'echo',
    };
    socket.on('message', (data: Buffer) => {
      if (answers === 'units') return answered(client, validateServerMessage(codec.decode(data)));
      if (isMeasuring) lags.push(performance.now() - data.readDoubleLE(0));
    });
    socket.on('error', (error) => (lost[error.message] = (lost[error.message] ?? 0) + 1));
    await new Promise((done) => socket.once('open', done).once('error', done));
    if (answers === 'units' && socket.readyState === WebSocket.OPEN) {
      socket.send(codec.encode({ t: 'hello', v: 1, audio: { fmt: 's16le', rate: 16_000, ch: 1 } }));
      await new Promise((done) => socket.once('message', done).once('close', done));
      if (continueSeconds !== undefined) socket.send(codec.encode(request(continueSeconds)));
    }
    return client;
  }

  function send(client: Client, now: number): void {
    const { socket, n, offset } = client;
    delays.push(now - client.dueAt);
    const bytes = repeated(speech, offset + n, chunk);
    if (answers === 'echo') {
      const message = Buffer.from(bytes);
      message.writeDoubleLE(now, 0);
      socket.send(message);
    } else {
      client.sentAt[n / chunk] = now;
      socket.send(codec.encode({ t: 'a', n, d: bytes }));
    }
    client.n += chunk;
  }

  const clients: Client[] = [];
  for (let i = 0; i < streams; i += 16) {
    const batch = Array.from({ length: Math.min(16, streams - i) }, (_, k) => open(i + k));
    clients.push(...(await Promise.all(batch)));
  }
  const began = performance.now();
  clients.forEach((client, i) => (client.dueAt = began + (i * rampMs(seconds)) / streams));
  const bases = clients.map(({ dueAt }) => dueAt);
  const warmUpMs = 1.5 * rampMs(seconds);
  for (let now = began; now - began < seconds * 1000; now = performance.now()) {
    if (!isMeasuring && now - began > warmUpMs) {
      isMeasuring = true;
      delays.length = 0;
      load.onMeasuring?.();
    }
    clients.forEach((client, i) => {
      while (client.dueAt <= now && client.isReady && client.socket.readyState === WebSocket.OPEN) {
        send(client, now);
        client.dueAt = bases[i] + (client.n / chunk) * chunkMs + Math.random() * jitterMs;
      }
    });
    await new Promise((done) => setTimeout(done, TICK_MS));
  }
  isMeasuring = false;
  for (const { socket } of clients) socket.close(1000);
  await Promise.all(clients.map(({ socket }) => closed(socket)));
  return {
    streams,
    lagMs: summarise(lags),
    sendDelayMs: summarise(delays),
    units,
    lost,
    retryAfterMs: retries,
    ...(continueSeconds !== undefined && { continuations: continuations.figures() }),
  };
}

function request(seconds: number): ContinueRequest {
  return { t: 'gen', id: 'next', max: 300, seconds, on: 'unit' };
}

function closed(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return Promise.resolve();
  return new Promise((done) => socket.once('close', () => done()));
}
