import fc from 'fast-check';
import { inspect } from 'node:util';
import { pack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../src/core/errors.ts';
import {
  codecOf,
  MAX_MESSAGE_BYTES,
  SUBPROTOCOL_JSON,
  SUBPROTOCOL_MSGPACK,
  validateClientMessage,
} from '../../src/protocol/index.ts';
import type { ClientMessage, Codec } from '../../src/protocol/index.ts';
import { lengthOf } from '../../src/protocol/text.ts';
import { CLIENT_EXAMPLES, SERVER_EXAMPLES } from '../vectors/examples.ts';

const msgpack = codecOf(SUBPROTOCOL_MSGPACK)!;
const json = codecOf(SUBPROTOCOL_JSON)!;
const encoded = [...Object.values(CLIENT_EXAMPLES), ...Object.values(SERVER_EXAMPLES)].map(
  (message) => new Uint8Array(msgpack.encode(message) as Uint8Array),
);

/** The code of what decoding and checking throws, or the type of the message. */
function outcome(codec: Codec, data: Uint8Array | string): string {
  try {
    return validateClientMessage(codec.decode(data)).t;
  } catch (error) {
    if (error instanceof PipelineError) return error.code;
    throw error;
  }
}

describe('codecs', () => {
  it('refuses every truncation of every message', () => {
    for (const bytes of encoded) {
      for (let length = 0; length < bytes.length; length++) {
        expect(outcome(msgpack, bytes.subarray(0, length))).toBe('SYLSTREAM_ERR_MALFORMED');
      }
    }
  });

  it('ends every random byte string in a message or a defined error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(outcome(msgpack, bytes)).toMatch(/^SYLSTREAM_ERR_(MALFORMED|UNKNOWN_TYPE)$/);
      }),
      { numRuns: 10_000, seed: 5 },
    );
  });

  it('ends every mutated message in a message or a defined error', () => {
    const mutated = fc
      .tuple(
        fc.constantFrom(...encoded),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
      )
      .map(([bytes, edits]) => {
        const copy = Uint8Array.from(bytes);
        for (const [place, value] of edits) copy[place % copy.length] = value;
        return copy;
      });
    fc.assert(
      fc.property(mutated, (bytes) => {
        expect(outcome(msgpack, bytes)).toBeTypeOf('string');
      }),
      { numRuns: 20_000, seed: 7 },
    );
  });

  it('ends every random JSON value in a message or a defined error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json({ maxDepth: 12 }), fc.string()), (text) => {
        expect(outcome(json, text)).toMatch(/^SYLSTREAM_ERR_(MALFORMED|UNKNOWN_TYPE)$/);
      }),
      { numRuns: 5000, seed: 11 },
    );
  });

  it('ignores unknown fields and keeps none of them', () => {
    const extended = pack({ ...CLIENT_EXAMPLES['flush'], later: { a: [1] } });
    expect(validateClientMessage(msgpack.decode(extended))).toEqual({ t: 'flush', id: 'f1' });
  });

  it('takes null for an optional field that is not there', () => {
    expect(validateClientMessage(json.decode('{"t":"ping","x":null}'))).toEqual({ t: 'ping' });
  });

  it('says an unknown type by a code of its own', () => {
    expect(outcome(msgpack, pack({ t: 'dance' }))).toBe('SYLSTREAM_ERR_UNKNOWN_TYPE');
    expect(outcome(json, '{"t":"__proto__"}')).toBe('SYLSTREAM_ERR_UNKNOWN_TYPE');
    expect(outcome(json, '{"t":"constructor"}')).toBe('SYLSTREAM_ERR_UNKNOWN_TYPE');
  });

  const ping = (x: Uint8Array) =>
    Uint8Array.from([
      0x82,
      0xa1,
      0x74,
      0xa4,
      ...Buffer.from('ping'),
      0xa1,
      0x78,
      0xd9,
      x.length,
      ...x,
    ]);

  it.each([
    ['a byte that begins nothing', [0xff]],
    ['an overlong zero', [0xc0, 0x80]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a character cut short', [0x61, 0xe2, 0x82]],
    ['a byte order mark, which decoders drop', [...Buffer.from(`\uFEFF${'é'.repeat(40)}`)]],
  ])('refuses MessagePack text with %s: it would come back changed', (_name, bytes) => {
    expect(outcome(msgpack, ping(Uint8Array.from(bytes)))).toBe('SYLSTREAM_ERR_MALFORMED');
  });

  it.each(['\\ud800', 'a\\udc00', '\\ud83d\\ud83d', '\uFEFFa'])(
    'refuses JSON text with half of a character or a byte order mark: %s',
    (text) => {
      expect(outcome(json, `{"t":"ping","x":"${text}"}`)).toBe('SYLSTREAM_ERR_MALFORMED');
      expect(outcome(json, `{"t":"${text}"}`)).toBe('SYLSTREAM_ERR_MALFORMED');
    },
  );

  it('counts characters, not UTF-16 units, and gives text back as it came', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 70 }), (x) => {
        const isShort = lengthOf(x) <= 64 && !x.startsWith('\uFEFF');
        for (const codec of [msgpack, json]) {
          const bytes = codec.encode({ t: 'ping', x });
          if (!isShort) expect(outcome(codec, bytes)).toBe('SYLSTREAM_ERR_MALFORMED');
          else expect(validateClientMessage(codec.decode(bytes))).toEqual({ t: 'ping', x });
        }
      }),
      { numRuns: 500, seed: 5 },
    );
    const flag = '\u{1F3F4}'; // two UTF-16 units, four bytes
    for (const codec of [msgpack, json]) {
      expect(outcome(codec, codec.encode({ t: 'ping', x: flag.repeat(64) }))).toBe('ping');
      expect(outcome(codec, codec.encode({ t: 'ping', x: flag.repeat(65) }))).toBe(
        'SYLSTREAM_ERR_MALFORMED',
      );
    }
  });

  it('takes the last of two keys of the same name', () => {
    expect(json.decode('{"t":"ping","x":1,"x":2}')).toEqual({ t: 'ping', x: 2 });
    const twice = Uint8Array.from([
      0x83,
      0xa1,
      0x74,
      0xa4,
      ...Buffer.from('ping'),
      0xa1,
      0x78,
      1,
      0xa1,
      0x78,
      2,
    ]);
    expect(msgpack.decode(twice)).toEqual({ t: 'ping', x: 2 });
  });

  it('keeps no words of the client in an error’s causes', () => {
    try {
      json.decode('{"Bearer SECRET"');
      expect.unreachable();
    } catch (error) {
      expect(inspect(error)).not.toContain('SECRET');
    }
  });

  it('leaves prototypes alone', () => {
    expect(outcome(json, '{"t":"ping","__proto__":{"x":{}}}')).toBe('ping');
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('refuses a message of the other kind', () => {
    expect(outcome(msgpack, '{"t":"end"}')).toBe('SYLSTREAM_ERR_MALFORMED');
    expect(outcome(json, encoded[0])).toBe('SYLSTREAM_ERR_MALFORMED');
  });

  it('reads audio that says base64 in JSON, and refuses what is not', () => {
    const audio: ClientMessage = { t: 'a', n: 3, d: Uint8Array.of(1, 2, 3, 255) };
    expect(validateClientMessage(json.decode(json.encode(audio)))).toEqual(audio);
    expect(outcome(json, '{"t":"a","n":0,"d":"@@@"}')).toBe('SYLSTREAM_ERR_MALFORMED');
  });

  it('accepts integers that were written as float 64, and refuses fractions', () => {
    const float = (value: number): Uint8Array => {
      const bytes = Buffer.from('83a174a3676170a16ecb0000000000000000a36c656e01', 'hex');
      bytes.writeDoubleBE(value, 10);
      return bytes;
    };
    expect(outcome(msgpack, float(16_000))).toBe('gap');
    expect(outcome(msgpack, float(0.5))).toBe('SYLSTREAM_ERR_MALFORMED');
    expect(outcome(msgpack, float(NaN))).toBe('SYLSTREAM_ERR_MALFORMED');
    expect(outcome(msgpack, float(2 ** 53))).toBe('SYLSTREAM_ERR_MALFORMED');
  });
});

describe('structural bounds', () => {
  const levels = (count: number): string => '82a174a470696e67a16b' + '91'.repeat(count) + '00';
  const keys = (count: number): Uint8Array =>
    pack({
      t: 'ping',
      ...Object.fromEntries(Array.from({ length: count - 1 }, (_, i) => [`k${i}`, 0])),
    });
  const audioOf = (total: number): Uint8Array => {
    const empty = Buffer.from('83a174a161a16e00a164c60000', 'hex').length + 2;
    const bytes = Buffer.alloc(total);
    bytes.write('83a174a161a16e00a164c6', 'hex');
    bytes.writeUInt32BE(total - empty, 11);
    return bytes;
  };

  it.each([
    ['7 nested arrays', Buffer.from(levels(7), 'hex'), 'ping'],
    ['8 nested arrays', Buffer.from(levels(8), 'hex'), 'SYLSTREAM_ERR_MALFORMED'],
    ['63 keys', keys(63), 'ping'],
    ['64 keys', keys(64), 'ping'],
    ['65 keys', keys(65), 'SYLSTREAM_ERR_MALFORMED'],
    ['one byte under 64 KiB', audioOf(MAX_MESSAGE_BYTES - 1), 'a'],
    ['64 KiB', audioOf(MAX_MESSAGE_BYTES), 'a'],
    ['one byte over 64 KiB', audioOf(MAX_MESSAGE_BYTES + 1), 'SYLSTREAM_ERR_MALFORMED'],
  ])('MessagePack with %s', (_name, bytes, expected) => {
    expect(outcome(msgpack, bytes)).toBe(expected);
  });

  it.each([
    ['8 levels', '{"t":"ping","k":' + '['.repeat(7) + ']'.repeat(7) + '}', 'ping'],
    [
      '9 levels',
      '{"t":"ping","k":' + '['.repeat(8) + ']'.repeat(8) + '}',
      'SYLSTREAM_ERR_MALFORMED',
    ],
    ['brackets in text', '{"t":"ping","x":"' + '['.repeat(20) + '\\"["}', 'ping'],
    ['64 KiB', '{"t":"ping","k":"' + 'x'.repeat(MAX_MESSAGE_BYTES - 19) + '"}', 'ping'],
    [
      'one over 64 KiB',
      '{"t":"ping","k":"' + 'x'.repeat(MAX_MESSAGE_BYTES - 18) + '"}',
      'SYLSTREAM_ERR_MALFORMED',
    ],
  ])('JSON with %s', (_name, text, expected) => {
    expect(outcome(json, text)).toBe(expected);
  });
});
