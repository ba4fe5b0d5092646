import { PipelineError } from '../core/errors.ts';
import { isWireMap } from './wireMap.ts';
import type { WireMap } from './wireMap.ts';
import type { Codec } from './messageCodec.ts';
import { bytesFromBase64, bytesToBase64 } from './base64.ts';
import { CLIENT_MESSAGES } from './clientMessages.ts';
import { MAX_DEPTH, MAX_ITEMS, MAX_KEYS, MAX_MESSAGE_BYTES } from './limits.ts';
import type { Message } from './messages.ts';
import { SERVER_MESSAGES } from './serverMessages.ts';
import { SUBPROTOCOL_JSON } from './version.ts';

/** The fields of a message that hold bytes, by its `t`. */
const BYTE_FIELDS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({ ...CLIENT_MESSAGES, ...SERVER_MESSAGES }).map(([t, { json }]) => [
    t,
    Object.entries(json.properties!).flatMap(([name, { contentEncoding }]) =>
      contentEncoding === undefined ? [] : [name],
    ),
  ]),
);

/** JSON in text messages, bytes as base64: for debugging by hand. */
export const jsonCodec: Codec = {
  subprotocol: SUBPROTOCOL_JSON,
  binary: false,
  encode(message: Message): string {
    return JSON.stringify(message, (_key, value: unknown) =>
      value instanceof Uint8Array ? bytesToBase64(value) : value,
    );
  },
  decode(data: Uint8Array | string): WireMap {
    if (typeof data !== 'string') throw malformed('expected a text message, got a binary one');
    if (data.length > MAX_MESSAGE_BYTES) {
      throw malformed(`expected at most ${MAX_MESSAGE_BYTES} characters, got ${data.length}`);
    }
    checkDepth(data);
    const value = parse(data);
    if (!isWireMap(value)) throw malformed('expected a JSON object');
    checkSizes(value);
    return withBytes(value);
  },
};

/** Counts brackets outside of strings, so that deep nesting never reaches the parser. */
function checkDepth(text: string): void {
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (quoted) {
      if (character === '\\') index++;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '{' || character === '[') {
      if (++depth > MAX_DEPTH) throw malformed(`expected at most ${MAX_DEPTH} levels of nesting`);
    } else if (character === '}' || character === ']') depth--;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('the text is not JSON'); // without the parser's error: its words are the client's own
  }
}

function checkSizes(value: unknown): void {
  if (Array.isArray(value)) {
    if (value.length > MAX_ITEMS) {
      throw malformed(`expected at most ${MAX_ITEMS} items, got ${value.length}`);
    }
    value.forEach(checkSizes);
  } else if (isWireMap(value)) {
    const count = Object.keys(value).length;
    if (count > MAX_KEYS) throw malformed(`expected at most ${MAX_KEYS} keys, got ${count}`);
    Object.values(value).forEach(checkSizes);
  }
}

function withBytes(map: WireMap): WireMap {
  const type = map['t'];
  const names = typeof type === 'string' ? (BYTE_FIELDS.get(type) ?? []) : [];
  const decoded: Record<string, unknown> = {};
  for (const name of names) {
    const value = map[name];
    if (typeof value !== 'string') continue;
    const bytes = bytesFromBase64(value);
    if (bytes === undefined) throw malformed(`${type as string}.${name}: expected base64`);
    decoded[name] = bytes;
  }
  return names.length === 0 ? map : { ...map, ...decoded };
}

function malformed(message: string): PipelineError {
  return new PipelineError('SYLSTREAM_ERR_MALFORMED', message);
}
