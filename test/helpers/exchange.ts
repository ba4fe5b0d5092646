import { connect } from 'node:net';
import type { Codec, ServerMessage } from '../../src/protocol/index.ts';
import { validateServerMessage } from '../../src/protocol/index.ts';
import { frame, upgradeRequest } from './frames.ts';

/** What a server said on one connection. */
export interface Exchange {
  readonly received: readonly ServerMessage[];
  /** The code of its close frame. */
  readonly close: number;
}

/** How long a connection may take on a busy machine. */
const PATIENCE_MS = 60_000;
const CLOSE = 8;

/**
 * Opens a WebSocket with no more than TCP, sends everything at once, and reads until the server's close frame, which it
 * answers. Ten times cheaper than a client library, so that tests can afford a connection a mistake.
 */
export function exchange(
  url: string,
  codec: Codec,
  messages: readonly (Uint8Array | string)[],
): Promise<Exchange> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setNoDelay(true);
  socket.write(
    Buffer.concat([
      Buffer.from(upgradeRequest(url, codec.subprotocol)),
      ...messages.map((message) =>
        frame(Buffer.from(message as string), typeof message === 'string'),
      ),
    ]),
  );
  const received: ServerMessage[] = [];
  let bytes: Buffer = Buffer.alloc(0);
  let isUpgraded = false;

  return new Promise((resolve, reject) => {
    socket.setTimeout(PATIENCE_MS, () => fail(new Error('the server neither answers nor closes')));
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the connection ended without a close frame')));
    socket.on('data', (data) => {
      bytes = bytes.length === 0 ? data : Buffer.concat([bytes, data]);
      try {
        read();
      } catch (error) {
        fail(error);
      }
    });

    function fail(error: unknown): void {
      socket.destroy();
      reject(error instanceof Error ? error : new Error(String(error)));
    }

    function read(): void {
      if (!isUpgraded) {
        const end = bytes.indexOf('\r\n\r\n');
        if (end < 0) return;
        if (!bytes.toString('latin1', 0, end).startsWith('HTTP/1.1 101 '))
          throw new Error(bytes.toString());
        isUpgraded = true;
        bytes = bytes.subarray(end + 4);
      }
      for (let next = frameIn(bytes); next !== undefined; next = frameIn(bytes)) {
        bytes = bytes.subarray(next.end);
        if (next.opcode === CLOSE) {
          socket.end(frame(next.payload, false, CLOSE));
          return resolve({ received, close: next.payload.readUInt16BE(0) });
        }
        const data = codec.binary ? next.payload : next.payload.toString();
        if (next.opcode <= 2) received.push(validateServerMessage(codec.decode(data)));
      }
    }
  });
}

/** The first whole frame of a server (RFC 6455, 5.2: not masked; this server does not fragment). */
function frameIn(
  bytes: Buffer,
): { readonly opcode: number; readonly payload: Buffer; readonly end: number } | undefined {
  if (bytes.length < 2) return undefined;
  const opcode = bytes[0] & 0x0f;
  const short = bytes[1] & 0x7f;
  const start = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < start) return undefined;
  const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short; // prettier-ignore
  if (bytes.length < start + length) return undefined;
  return { opcode, payload: bytes.subarray(start, start + length), end: start + length };
}
