import { WebSocket } from 'ws';
import type { RawData } from 'ws';
import { disposition, toWireError } from '../src/protocol/index.ts';
import type { CloseCode, Codec, ServerMessage, WireErrorOptions } from '../src/protocol/index.ts';
import type { PipelineError } from '../src/core/errors.ts';
import type { Metrics } from './observe/metrics.ts';
import type { Settings } from './settings/settings.ts';

/** Options of `createSocket()`. */
export interface SocketOptions {
  readonly codec: Codec;
  readonly settings: Settings;
  readonly metrics: Metrics;
  /** Called with every whole message. */
  readonly onMessage: (data: Uint8Array | string) => void;
  /** Called when little waits to be written again. */
  readonly onDrained: () => void;
  /** Called when more waits to be written than is allowed. */
  readonly onOverfull: () => void;
}

/** One WebSocket with its bounds: how much may wait to be written, how fast messages are read. */
export interface Socket {
  /** Monotone milliseconds of the last whole message, pings and pongs included. */
  readonly lastHeardAt: number;
  /** Since when a ping has not been answered. */
  readonly unansweredSince: number | undefined;
  readonly isOpen: boolean;
  send(message: ServerMessage): void;
  /** Whether less than half of what may wait is waiting. */
  hasRoom(): boolean;
  ping(now: number): void;
  /** Says an error, then closes if it is fatal. */
  refuse(error: PipelineError, options: WireErrorOptions): void;
  close(code: CloseCode): void;
  terminate(): void;
  /** Starts a new tenth of a second of the message budget. */
  refill(): void;
}

/** Parts of a second in which the message budget comes. */
export const REFILLS_PER_SECOND = 10;

/** Wraps a WebSocket; listeners are set at once, so that no message is lost. */
export function createSocket(ws: WebSocket, now: () => number, options: SocketOptions): Socket {
  const { codec, settings, metrics } = options;
  const { traffic } = metrics;
  const budget = Math.max(1, Math.ceil(settings.messagesPerSecond / REFILLS_PER_SECOND));
  let lastHeardAt = now();
  let unansweredSince: number | undefined;
  let taken = 0;
  let overfull = false;

  ws.on('message', (data: RawData, isBinary: boolean) => {
    lastHeardAt = now();
    traffic.messagesIn++;
    const bytes = data as Buffer; // binaryType is nodebuffer
    traffic.bytesIn += bytes.byteLength;
    if (++taken >= budget) ws.pause();
    options.onMessage(isBinary ? bytes : bytes.toString('utf8'));
  });
  ws.on('ping', () => {
    lastHeardAt = now();
    if (++taken >= budget) ws.pause();
    checkBuffered();
  });
  ws.on('pong', () => {
    lastHeardAt = now();
    unansweredSince = undefined;
  });

  function checkBuffered(): void {
    if (overfull || ws.bufferedAmount <= settings.bufferedBytes) return;
    overfull = true;
    options.onOverfull();
  }

  function onWritten(): void {
    if (ws.readyState === WebSocket.OPEN && ws.bufferedAmount === 0) options.onDrained();
  }

  const socket: Socket = {
    get lastHeardAt() {
      return lastHeardAt;
    },
    get unansweredSince() {
      return unansweredSince;
    },
    get isOpen() {
      return ws.readyState === WebSocket.OPEN;
    },
    hasRoom: () => ws.bufferedAmount < settings.bufferedBytes / 2,
    send(message) {
      if (ws.readyState !== WebSocket.OPEN) return;
      const data = codec.encode(message);
      traffic.messagesOut++;
      traffic.bytesOut += data.length;
      ws.send(data, { binary: codec.binary }, onWritten);
      checkBuffered();
    },
    ping(at) {
      if (ws.readyState !== WebSocket.OPEN) return;
      unansweredSince ??= at;
      ws.ping();
    },
    refuse(error, wire) {
      metrics.errors.inc({ code: error.code });
      overfull ||= wire.fatal; // what is said last may go over
      socket.send(toWireError(error, wire));
      if (wire.fatal) socket.close(disposition(error.code).close);
    },
    close(code) {
      ws.resume(); // a paused socket would never see the answer to its close frame
      ws.close(code);
    },
    terminate: () => ws.terminate(),
    refill() {
      taken = Math.max(0, taken - budget); // what one read brought too much is paid later
      if (ws.isPaused && taken < budget) ws.resume();
    },
  };
  return socket;
}
