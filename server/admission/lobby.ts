import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { isLoopback } from '../address/loopback.ts';
import { createDoor } from './door.ts';
import type { Refusals } from '../observe/refusals.ts';
import type { Settings } from '../settings/settings.ts';
import type { TrustedProxies } from '../address/trustedProxies.ts';

/** Where connections wait between being accepted and their hello. */
export interface Lobby {
  /** Connections without a hello. */
  readonly waiting: number;
  /** A connection was accepted; it counts for the socket's other end, unless that is trusted. */
  accepted(socket: Socket): void;
  /** A request for a WebSocket came: it counts for this client from now on; undefined: for no address. */
  asked(socket: Socket, address: string | undefined): void;
  /** The connection has become this WebSocket. */
  upgraded(ws: WebSocket, socket: Socket): void;
  /** It will be closed with a word. */
  refused(ws: WebSocket): void;
  /** Its hello was accepted. */
  greeted(ws: WebSocket): void;
  /** Whether so many refused ones of this address are still to go that the next gets no word over a WebSocket. */
  isCrowded(address: string): boolean;
}

/** Options of `createLobby()`. */
export interface LobbyOptions {
  readonly settings: Settings;
  readonly proxies: TrustedProxies;
  readonly refusals: Refusals;
}

/** Refused connections of one address that are told why over a WebSocket, which takes them a round trip to leave. */
const REFUSED_AT_ONCE = 8;

/** Makes an empty lobby with the bounds `silentPerAddress` and `unauthenticated`. */
export function createLobby({ settings, proxies, refusals }: LobbyOptions): Lobby {
  const door = createDoor<Socket>({
    perAddress: settings.silentPerAddress,
    total: settings.unauthenticated,
    onCut: (reason, address) =>
      refusals.note(
        reason === 'address' ? 'silent_address' : 'silent_total',
        { address },
        'cut a connection without a hello',
      ),
  });
  /** By the other end: what the upgrade sees is another object where TLS lies between. */
  const accepted = new Map<string, Socket>();
  const sockets = new WeakMap<WebSocket, Socket>();

  const isTrusted = (address: string): boolean =>
    (settings.trustLoopback && isLoopback(address)) || proxies.includes(address);

  const act = (ws: WebSocket, what: (socket: Socket) => void): void => {
    const socket = sockets.get(ws);
    if (socket !== undefined) what(socket);
  };

  return {
    get waiting() {
      return door.waiting;
    },
    accepted(socket) {
      const key = endOf(socket);
      const address = socket.remoteAddress ?? '';
      accepted.set(key, socket);
      socket.once('close', () => {
        if (accepted.get(key) === socket) accepted.delete(key);
        door.leave(socket);
      });
      door.enter(socket, isTrusted(address) ? undefined : address);
    },
    asked(socket, address) {
      const own = accepted.get(endOf(socket));
      if (own !== undefined) door.enter(own, address);
    },
    upgraded(ws, socket) {
      const own = accepted.get(endOf(socket));
      if (own !== undefined) sockets.set(ws, own);
    },
    refused: (ws) => act(ws, door.refuse),
    greeted: (ws) => act(ws, door.leave),
    isCrowded: (address) => door.refusedOf(address) >= REFUSED_AT_ONCE,
  };
}

function endOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
