/** Bytes ↔ messages: all of the wire that is pure. */
export { bytesPerMoment, isWireAudioFormat } from './bytesPerSample.ts';
export { isWireMap } from './wireMap.ts';
export type { WireMap } from './wireMap.ts';
export { disposition } from './closeCodes.ts';
export type { CloseCode, Disposition, WireCode } from './closeCodes.ts';
export { CODECS, codecOf } from './codec.ts';
export type { Codec } from './messageCodec.ts';
export { describeModel } from './describeModel.ts';
export { MAX_MESSAGE_BYTES, MAX_SAID_UNITS } from './limits.ts';
export type * from './messages.ts';
export { validateClientMessage, validateServerMessage } from './validate.ts';
export {
  PROTOCOL_MINOR,
  STREAM_PATH,
  SUBPROTOCOL_JSON,
  SUBPROTOCOL_MSGPACK,
  LABELS_PATH,
  TICKET_PATH,
  TICKET_PREFIX,
} from './version.ts';
export {
  errorCodeOf,
  errorCodeOfClose,
  fromWireError,
  toWireError,
  WIRE_CODES,
} from './wireErrors.ts';
export type { WireErrorOptions } from './wireErrors.ts';
