import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { disposition, errorCodeOf, WIRE_CODES } from '../../src/protocol/index.ts';
import { asyncapiYaml } from '../../scripts/asyncapi.ts';
import { CLIENT_MESSAGES } from '../../src/protocol/clientMessages.ts';
import { SERVER_MESSAGES } from '../../src/protocol/serverMessages.ts';

interface Schema extends Record<string, unknown> {
  readonly properties: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}
interface Document {
  readonly asyncapi: string;
  readonly channels: { stream: { messages: Record<string, { $ref: string }> } };
  readonly operations: Record<'send' | 'receive', { messages: readonly { $ref: string }[] }>;
  readonly components: { messages: Record<string, { name: string; payload: Schema }> };
  readonly 'x-error-codes': Record<string, { close: number; retry: boolean }>;
}

const root = join(import.meta.dirname, '../..');
const path = join(root, 'docs/asyncapi.yaml');
const text = readFileSync(path, 'utf8');
const document = parse(text) as Document;
const messages = document.components.messages;
const sides = { client: CLIENT_MESSAGES, server: SERVER_MESSAGES };
const expected = Object.entries(sides).flatMap(([side, table]) =>
  Object.keys(table).map((type) => ({ name: `${side}.${type}`, type })),
);

describe('docs/asyncapi.yaml', () => {
  it('is AsyncAPI 3 whose channel and operations name every message', () => {
    expect(document.asyncapi).toBe('3.0.0');
    const names = expected.map(({ name }) => name).sort();
    expect(Object.keys(messages).sort()).toEqual(names);
    expect(Object.keys(document.channels.stream.messages).sort()).toEqual(names);
    const inOperations = [
      ...document.operations.send.messages,
      ...document.operations.receive.messages,
    ];
    expect(inOperations.map(({ $ref }) => $ref.split('/').at(-1) ?? '').sort()).toEqual(names);
    for (const name of names) {
      expect(document.channels.stream.messages[name].$ref).toBe(`#/components/messages/${name}`);
    }
  });

  it('is what `npm run build:asyncapi` writes', async () => {
    expect(text).toBe(await asyncapiYaml(path));
  });

  it.each(expected)('says of every field of $name what it is', ({ name, type }) => {
    const { payload } = messages[name];
    expect(messages[name].name).toBe(type);
    expect(payload.properties['t']).toEqual({ const: type });
    expect(payload.required?.[0]).toBe('t');
    expectDescriptions(payload);
  });

  it('lists every error code with its close code whether to try again, and whether to resume', () => {
    const codes = Object.fromEntries(
      WIRE_CODES.map((wire) => {
        const { close, retry, resumable } = disposition(errorCodeOf(wire));
        const isFatal = !['unknown_type', 'audio_suspect'].includes(wire); // no close follows them
        return [wire, { close: isFatal ? close : null, retry, resumable }];
      }),
    );
    expect(document['x-error-codes']).toEqual(codes);
  });

  it('holds for every golden vector, and for no vector of another type', () => {
    const ajv = new Ajv2020({ strict: false });
    const folder = join(root, 'test/vectors');
    const files = readdirSync(folder).filter((file) => /^(client|server)\..*\.json$/.test(file));
    expect(files.length).toBeGreaterThan(30);
    for (const file of files) {
      const message = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { t: string };
      const side = file.split('.')[0];
      for (const [name, { payload }] of Object.entries(messages)) {
        if (!name.startsWith(side)) continue;
        expect(ajv.validate(payload, message), `${file} as ${name}`).toBe(
          name === `${side}.${message.t}`,
        );
      }
    }
  });
});

function expectDescriptions(schema: Schema): void {
  for (const [name, each] of Object.entries(schema.properties)) {
    if (name !== 't') expect(each['description'], name).toMatch(/\S{3}.*\.$/);
    if (each.properties) expectDescriptions(each);
  }
}
