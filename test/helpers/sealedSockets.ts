import { WebSocket } from 'ws';
import type { WebSocketFactory } from '../../src/client/index.ts';
import { codecOf, SUBPROTOCOL_MSGPACK } from '../../src/protocol/index.ts';

/** Sockets that notice when a stream has its first seal. */
export interface SealedSockets {
  /** Of one stream; `url` says where the next connection goes. */
  factory(stream: number, url: () => string): WebSocketFactory;
  /** Resolves when so many streams have a seal. */
  sealed(streams: number): Promise<void>;
  /** Resolves when another seal of any stream has come. */
  another(): Promise<void>;
}

/** Makes them for any number of streams. */
export function createSealedSockets(): SealedSockets {
  const codec = codecOf(SUBPROTOCOL_MSGPACK)!;
  const sealed = new Set<number>();
  let seals = 0;
  return {
    factory:
      (stream, url) =>
      ({ protocols, headers }) => {
        const socket = new WebSocket(url(), [...protocols], { headers, perMessageDeflate: false });
        socket.on('message', (data: ArrayBuffer) => {
          const message = codec.decode(new Uint8Array(data));
          if (message['t'] === 'ack' && message['seal'] !== undefined) {
            sealed.add(stream);
            seals++;
          }
        });
        return socket;
      },
    async another() {
      const before = seals;
      while (seals === before) await new Promise((done) => setTimeout(done, 20));
    },
    async sealed(streams) {
      while (sealed.size < streams) await new Promise((done) => setTimeout(done, 20));
    },
  };
}
