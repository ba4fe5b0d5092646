import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  codecOf,
  SUBPROTOCOL_JSON,
  SUBPROTOCOL_MSGPACK,
  validateClientMessage,
  validateServerMessage,
} from '../../src/protocol/index.ts';
import { CLIENT_MESSAGES } from '../../src/protocol/clientMessages.ts';
import { SERVER_MESSAGES } from '../../src/protocol/serverMessages.ts';
import { CLIENT_EXAMPLES, REFUSED_EXAMPLES, SERVER_EXAMPLES } from '../vectors/examples.ts';

const msgpack = codecOf(SUBPROTOCOL_MSGPACK)!;
const json = codecOf(SUBPROTOCOL_JSON)!;
const folder = join(import.meta.dirname, '../vectors');
const bytes = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)));
const text = (name: string): string => readFileSync(join(folder, name), 'utf8').trimEnd();

const sides = [
  {
    side: 'client',
    examples: CLIENT_EXAMPLES,
    validate: validateClientMessage,
    fields: CLIENT_MESSAGES,
  },
  {
    side: 'server',
    examples: SERVER_EXAMPLES,
    validate: validateServerMessage,
    fields: SERVER_MESSAGES,
  },
];

for (const { side, examples, validate, fields } of sides) {
  describe(`golden messages of the ${side}`, () => {
    for (const [name, message] of Object.entries(examples)) {
      it(`reads and writes ${name} in both forms`, () => {
        expect(plain(validate(msgpack.decode(bytes(`${side}.${name}.bin`))))).toEqual(
          plain(message),
        );
        expect(plain(validate(json.decode(text(`${side}.${name}.json`))))).toEqual(plain(message));
        expect(new Uint8Array(msgpack.encode(message) as Uint8Array)).toEqual(
          bytes(`${side}.${name}.bin`),
        );
        expect(json.encode(message)).toBe(text(`${side}.${name}.json`));
      });
    }

    it('covers every type of message', () => {
      const covered = new Set(Object.values(examples).map((message) => message.t as string));
      expect([...covered].sort()).toEqual(Object.keys(fields).sort());
    });
  });
}

describe('golden refusals', () => {
  for (const name of Object.keys(REFUSED_EXAMPLES)) {
    it(`refuses ${name}`, () => {
      expect(() => validateClientMessage(msgpack.decode(bytes(`refused.${name}.bin`)))).toThrow(
        expect.objectContaining({ code: 'SYLSTREAM_ERR_MALFORMED' }),
      );
    });
  }

  it('has no file that no example stands for', () => {
    const names = [
      ...Object.keys(CLIENT_EXAMPLES).map((name) => `client.${name}`),
      ...Object.keys(SERVER_EXAMPLES).map((name) => `server.${name}`),
      ...Object.keys(REFUSED_EXAMPLES).map((name) => `refused.${name}`),
    ];
    const files = readdirSync(folder).filter((file) => !file.endsWith('.ts'));
    expect(files.sort()).toEqual(names.flatMap((name) => [`${name}.bin`, `${name}.json`]).sort());
  });
});

/** Buffers as arrays of the same class, so that equality speaks of bytes only. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}
