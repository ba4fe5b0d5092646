import { WebSocket } from 'ws';
import { codecOf, SUBPROTOCOL_MSGPACK } from '../../src/protocol/index.ts';

const codec = codecOf(SUBPROTOCOL_MSGPACK)!;
const HELLO = codec.encode({ t: 'hello', v: 1, audio: { fmt: 's16le', rate: 16_000, ch: 1 } });

/** Begins a session from an address and ends it; resolves with the milliseconds until `ready`, rejects when none comes. */
export function beginSession(url: string, localAddress: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const socket = new WebSocket(url, [codec.subprotocol], { localAddress });
    let ms: number | undefined;
    socket.on('open', () => socket.send(HELLO));
    socket.on('message', (data: Buffer) => {
      const message = codec.decode(data) as { readonly t: string };
      if (message.t === 'ready') ms = performance.now() - start;
      socket.close(1000);
    });
    socket.on('error', reject);
    socket.on('close', (code) =>
      ms === undefined ? reject(new Error(`closed with ${code}`)) : resolve(ms),
    );
  });
}
