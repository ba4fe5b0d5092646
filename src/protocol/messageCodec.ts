import type { WireMap } from './wireMap.ts';
import type { Message } from './messages.ts';

/** One of the two ways in which messages become bytes or text. Stateless: one serves every socket. */
export interface Codec {
  /** Its name in `Sec-WebSocket-Protocol`. */
  readonly subprotocol: string;
  /** Whether messages are binary; one of the other kind is malformed. */
  readonly binary: boolean;
  /** Writes a message. */
  encode(message: Message): Uint8Array | string;
  /** Reads a message within the structural bounds; throws `SYLSTREAM_ERR_MALFORMED`. Fields are not checked yet. */
  decode(data: Uint8Array | string): WireMap;
}
