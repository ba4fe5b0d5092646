import { Packr, Unpackr } from 'msgpackr';
import { PipelineError } from '../core/errors.ts';
import type { WireMap } from './wireMap.ts';
import type { Codec } from './messageCodec.ts';
import type { Message } from './messages.ts';
import { checkStructure } from './structure.ts';
import { SUBPROTOCOL_MSGPACK } from './version.ts';

/** No records: every message is a plain map, and no peer can grow a table of structures. */
const options = {
  useRecords: false,
  mapsAsObjects: true,
  int64AsType: 'number',
  variableMapSize: true,
} as const;
const packr = new Packr(options);
const unpackr = new Unpackr(options);

/** MessagePack maps in binary messages. */
export const msgpackCodec: Codec = {
  subprotocol: SUBPROTOCOL_MSGPACK,
  binary: true,
  encode(message: Message): Uint8Array {
    return packr.pack(message);
  },
  decode(data: Uint8Array | string): WireMap {
    if (typeof data === 'string') {
      throw new PipelineError(
        'SYLSTREAM_ERR_MALFORMED',
        'expected a binary message, got a text one',
      );
    }
    checkStructure(data);
    try {
      return unpackr.unpack(data) as WireMap;
    } catch {
      // without the reader's error: its words may be the client's own
      throw new PipelineError('SYLSTREAM_ERR_MALFORMED', 'the bytes are not MessagePack');
    }
  },
};
