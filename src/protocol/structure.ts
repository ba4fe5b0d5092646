import { PipelineError } from '../core/errors.ts';
import { isFaithfulUtf8 } from './text.ts';
import { MAX_DEPTH, MAX_ITEMS, MAX_KEYS, MAX_MESSAGE_BYTES } from './limits.ts';

/** What stands at one place of a MessagePack message (specification: "Formats", first byte). */
interface Head {
  /** Bytes of the first byte and the length that follows it. */
  readonly size: number;
  /** Bytes of content. */
  readonly body: number;
  /** Values that follow: 2 a map entry. */
  readonly items: number;
  readonly kind: 'scalar' | 'text' | 'map' | 'array';
}

/**
 * Walks over a MessagePack message without building anything, and throws `SYLSTREAM_ERR_MALFORMED` unless it is
 * one map with text keys, complete, with nothing behind it, within depth, keys and items, and without extension types, its text UTF-8.
 * Whatever a length field claims is compared with the bytes that are there before anyone believes it.
 */
export function checkStructure(bytes: Uint8Array): void {
  if (bytes.byteLength > MAX_MESSAGE_BYTES) {
    throw malformed(`expected at most ${MAX_MESSAGE_BYTES} bytes, got ${bytes.byteLength}`);
  }
  if (bytes.byteLength === 0 || headAt(bytes, 0).kind !== 'map') {
    throw malformed('expected a MessagePack map');
  }
  const end = walk(bytes, 0, 1);
  if (end !== bytes.byteLength) {
    throw malformed(`expected the message to end at byte ${end}, got ${bytes.byteLength} bytes`);
  }
}

/** Returns the offset behind the value at `offset`; recursion is bounded by `MAX_DEPTH`. */
function walk(bytes: Uint8Array, offset: number, depth: number): number {
  const head = headAt(bytes, offset);
  let next = offset + head.size + head.body;
  if (next + head.items > bytes.byteLength) {
    throw malformed(`the value at byte ${offset} ends behind the message's ${bytes.byteLength}`);
  }
  if (head.kind === 'scalar') return next;
  if (head.kind === 'text') {
    if (isFaithfulUtf8(bytes, offset + head.size, next)) return next;
    throw malformed(`the text at byte ${offset} is not UTF-8, or begins with a byte order mark`);
  }
  if (depth > MAX_DEPTH) throw malformed(`expected at most ${MAX_DEPTH} levels of nesting`);
  if (head.kind === 'map' && head.items > 2 * MAX_KEYS) {
    throw malformed(`expected at most ${MAX_KEYS} keys, got ${head.items / 2}`);
  }
  if (head.kind === 'array' && head.items > MAX_ITEMS) {
    throw malformed(`expected at most ${MAX_ITEMS} items, got ${head.items}`);
  }
  for (let item = 0; item < head.items; item++) {
    if (head.kind === 'map' && item % 2 === 0 && headAt(bytes, next).kind !== 'text') {
      throw malformed(`the key at byte ${next} is not text`);
    }
    next = walk(bytes, next, depth + 1);
  }
  return next;
}

function headAt(bytes: Uint8Array, offset: number): Head {
  if (offset >= bytes.byteLength) throw malformed('the message ends in the middle of a value');
  const first = bytes[offset];
  if (first <= 0x7f || first >= 0xe0) return scalar(0);
  if (first <= 0x8f) return { size: 1, body: 0, items: 2 * (first & 0x0f), kind: 'map' };
  if (first <= 0x9f) return { size: 1, body: 0, items: first & 0x0f, kind: 'array' };
  if (first <= 0xbf) return { size: 1, body: first & 0x1f, items: 0, kind: 'text' };
  if (first === 0xc0 || first === 0xc2 || first === 0xc3) return scalar(0); // nil, false, true
  if (first >= 0xc4 && first <= 0xc6) return sized(bytes, offset, 1 << (first - 0xc4), 'scalar'); // bin
  if (first >= 0xca && first <= 0xcb) return scalar(first === 0xca ? 4 : 8); // float
  if (first >= 0xcc && first <= 0xd3) return scalar(1 << ((first - 0xcc) & 3)); // uint, int
  if (first >= 0xd9 && first <= 0xdb) return sized(bytes, offset, 1 << (first - 0xd9), 'text');
  if (first >= 0xdc && first <= 0xdd) return sized(bytes, offset, 2 << (first - 0xdc), 'array');
  if (first >= 0xde) return sized(bytes, offset, 2 << (first - 0xde), 'map');
  throw malformed(`byte 0x${first.toString(16)} at ${offset}: extension types are not accepted`);
}

function scalar(body: number): Head {
  return { size: 1, body, items: 0, kind: 'scalar' };
}

/** A head whose length stands in the next `width` bytes, big-endian. */
function sized(bytes: Uint8Array, offset: number, width: number, kind: Head['kind']): Head {
  if (offset + width >= bytes.byteLength) throw malformed('the message ends in a length');
  let length = 0;
  for (let index = 1; index <= width; index++) length = length * 256 + bytes[offset + index];
  const size = 1 + width;
  if (kind === 'map') return { size, body: 0, items: 2 * length, kind };
  return kind === 'array'
    ? { size, body: 0, items: length, kind }
    : { size, body: length, items: 0, kind };
}

function malformed(message: string): PipelineError {
  return new PipelineError('SYLSTREAM_ERR_MALFORMED', message);
}
