import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { SUBPROTOCOL_MSGPACK } from '../../src/protocol/index.ts';
import { upgradeRequest } from './frames.ts';

/** What a flood is made of. */
export interface FloodOptions {
  readonly url: string;
  /** Loopback address that it comes from. */
  readonly from: string;
  /** TCP connections that say nothing. */
  readonly silent: number;
  /** WebSockets without a hello. */
  readonly mute: number;
  /** Connections opened a second, at most. */
  readonly perSecond: number;
}

/** A flood under way. */
export interface Flood {
  /** Connections opened so far. */
  readonly opened: number;
  /** Connections that were cut so far. */
  readonly cut: number;
  /** Connections there are now. */
  readonly open: number;
  stop(): void;
}

const TURN_MS = 20;

/** Opens connections that are of no use, and opens each again when it is cut. */
export function startFlood({ url, from, silent, mute, perSecond }: FloodOptions): Flood {
  const { hostname, port } = new URL(url);
  const request = upgradeRequest(url, SUBPROTOCOL_MSGPACK);
  const sockets = { silent: new Set<Socket>(), mute: new Set<Socket>() };
  let opened = 0;
  let cut = 0;

  function open(kind: 'silent' | 'mute'): void {
    const socket = connect({ port: Number(port), host: hostname, localAddress: from });
    opened++;
    sockets[kind].add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      cut++;
      sockets[kind].delete(socket);
    });
    socket.resume();
    if (kind === 'mute') socket.once('connect', () => socket.write(request));
  }

  const timer = setInterval(() => {
    for (let left = Math.ceil((perSecond * TURN_MS) / 1000); left > 0; left--) {
      if (sockets.silent.size < silent) open('silent');
      else if (sockets.mute.size < mute) open('mute');
    }
  }, TURN_MS);

  return {
    get opened() {
      return opened;
    },
    get cut() {
      return cut;
    },
    get open() {
      return sockets.silent.size + sockets.mute.size;
    },
    stop() {
      clearInterval(timer);
      for (const socket of [...sockets.silent, ...sockets.mute]) socket.destroy();
    },
  };
}
