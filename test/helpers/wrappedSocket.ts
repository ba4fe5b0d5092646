import type { WebSocket } from 'ws';
import type { WebSocketFactory } from '../../src/client/index.ts';

/** What a wrapped socket lets through. */
export interface Passage {
  /** Whether an event of the socket is told. */
  readonly hears: (type: string, event: { readonly data?: unknown }) => boolean;
  /** Whether what is sent goes out; default: always. */
  readonly says?: () => boolean;
}

/** A client's socket that loses what it is told to lose. */
export function wrapSocket(
  socket: WebSocket,
  { hears, says = () => true }: Passage,
): ReturnType<WebSocketFactory> {
  return {
    get binaryType() {
      return socket.binaryType;
    },
    set binaryType(type) {
      socket.binaryType = type as 'arraybuffer';
    },
    get readyState() {
      return socket.readyState;
    },
    addEventListener(type: string, listener: (event: never) => void) {
      socket.addEventListener(type as 'message', (event) => {
        if (hears(type, event)) listener(event as never);
      });
    },
    send(data) {
      if (says()) socket.send(data);
    },
    close: (code) => socket.close(code),
  };
}
