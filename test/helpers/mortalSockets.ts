import { WebSocket } from 'ws';
import type { WebSocketFactory } from '../../src/client/index.ts';
import { logUniform } from './random.ts';
import { wrapSocket } from './wrappedSocket.ts';

/** Sockets that are cut without a word at random moments, `kills` times in all, then live. */
export interface MortalSockets {
  readonly factory: WebSocketFactory;
  /** Cuts so far. */
  readonly killed: number;
}

/**
 * A socket dies when it opens, or after a few messages sent or received; the message at which it dies is lost. So
 * every step of the exchange is hit: hello, ready, audio, units, done.
 */
export function createMortalSockets(kills: number, random: () => number): MortalSockets {
  let killed = 0;

  const factory: WebSocketFactory = ({ url, protocols, headers }) => {
    const socket = new WebSocket(url, [...protocols], { headers, perMessageDeflate: false });
    if (killed >= kills) return socket;
    let left = logUniform(random, 1, 40);
    let isDead = false;
    const dies = (): boolean => {
      if (isDead || killed >= kills || --left > 0) return isDead;
      killed++;
      isDead = true;
      socket.terminate();
      return true;
    };
    return wrapSocket(socket, {
      hears: (type) => type === 'close' || type === 'error' || !dies(),
      says: () => !dies(),
    });
  };

  return {
    factory,
    get killed() {
      return killed;
    },
  };
}
