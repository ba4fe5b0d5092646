import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { codecOf, SUBPROTOCOL_MSGPACK } from '../../src/protocol/index.ts';
import { frame, upgradeRequest } from './frames.ts';
import { HELLO } from './rawClient.ts';

/** Clients that hold a connection without being of use; each returns a promise for the moment it is cut. */
export type Offender = (url: string) => { readonly socket: Socket; readonly gone: Promise<void> };

const HELLO_BYTES = Buffer.from(codecOf(SUBPROTOCOL_MSGPACK)!.encode(HELLO) as Uint8Array);

/** Connects and never says a word: half open before HTTP. */
export const silent: Offender = (url) => open(url, () => undefined);

/** Sends its HTTP request byte after byte. */
export const bytewise: Offender = (url) =>
  open(url, (socket) => dribble(socket, Buffer.from(requestOf(url)), 20));

/** Opens the WebSocket and never says hello. */
export const mute: Offender = (url) => open(url, (socket) => void socket.write(requestOf(url)));

/** Says hello, then sends one message byte after byte and answers nothing. */
export const dribbler: Offender = (url) =>
  open(url, (socket) => {
    socket.write(requestOf(url));
    socket.write(frame(HELLO_BYTES));
    dribble(socket, frame(Buffer.alloc(60_000)), 20);
  });

/** Says hello, sends pings without end, and never reads. */
export const deaf: Offender = (url) =>
  open(url, (socket) => {
    socket.write(requestOf(url));
    socket.write(frame(HELLO_BYTES));
    socket.pause();
    const ping = frame(Buffer.from('81a174a470696e67', 'hex'));
    const timer = setInterval(() => socket.writable && socket.write(ping), 5);
    socket.once('close', () => clearInterval(timer));
  });

/** Says hello, then asks for as many answers as it can without reading any. */
export const greedy: Offender = (url) =>
  open(url, (socket) => {
    socket.write(requestOf(url));
    socket.write(frame(HELLO_BYTES));
    socket.pause();
    const unknown = frame(Buffer.from('81a174a178', 'hex')); // {t: 'x'}
    const batch = Buffer.concat(Array.from({ length: 1000 }, () => unknown));
    const timer = setInterval(() => {
      if (socket.writable && socket.writableLength < 65_536) socket.write(batch);
    }, 1);
    socket.once('close', () => clearInterval(timer));
  });

function open(url: string, act: (socket: Socket) => void): ReturnType<Offender> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.once('connect', () => act(socket));
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.resume();
  return { socket, gone };
}

function dribble(socket: Socket, bytes: Buffer, everyMs: number): void {
  let at = 0;
  const timer = setInterval(() => {
    if (at < bytes.length && socket.writable) socket.write(bytes.subarray(at, ++at));
  }, everyMs);
  socket.once('close', () => clearInterval(timer));
}

function requestOf(url: string): string {
  return upgradeRequest(url, SUBPROTOCOL_MSGPACK);
}
