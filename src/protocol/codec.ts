import type { Codec } from './messageCodec.ts';
import { jsonCodec } from './json.ts';
import { msgpackCodec } from './msgpack.ts';

/** Both, in the server's order of preference. */
export const CODECS: readonly Codec[] = [msgpackCodec, jsonCodec];

/** The codec of a subprotocol, or undefined. */
export function codecOf(subprotocol: string): Codec | undefined {
  return CODECS.find((codec) => codec.subprotocol === subprotocol);
}
