import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { disposition, errorCodeOf, WIRE_CODES } from '../../src/protocol/index.ts';
import { CLIENT_FIELDS } from '../../src/protocol/clientFields.ts';
import type { Fields, Kind } from '../../src/protocol/fields.ts';
import { SERVER_FIELDS } from '../../src/protocol/serverFields.ts';

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
const document = parse(readFileSync(join(root, 'docs/asyncapi.yaml'), 'utf8')) as Document;
const messages = document.components.messages;
const sides = { client: CLIENT_FIELDS, server: SERVER_FIELDS };
const expected = Object.entries(sides).flatMap(([side, table]) =>
  Object.entries(table).map(([type, fields]) => ({ name: `${side}.${type}`, type, fields })),
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

  it.each(expected)('describes $name as the code checks it', ({ name, type, fields }) => {
    const payload = messages[name].payload;
    expect(messages[name].name).toBe(type);
    expect(payload.properties['t']).toEqual({ const: type });
    const { t: _type, ...properties } = payload.properties;
    expectFields(
      properties,
      (payload.required ?? []).filter((each) => each !== 't'),
      fields,
    );
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

function expectFields(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[],
  fields: Fields,
): void {
  expect(Object.keys(properties).sort()).toEqual(Object.keys(fields).sort());
  const needed = Object.keys(fields).filter((name) => !fields[name].optional);
  expect([...required].sort()).toEqual(needed.sort());
  for (const [name, field] of Object.entries(fields)) {
    const { description, ...schema } = properties[name];
    expect(description).toMatch(/\S{3}/);
    expectKind(schema, field.kind);
  }
}

function expectKind(schema: Schema, kind: Kind): void {
  switch (kind.kind) {
    case 'map':
      expect(schema['type']).toBe('object');
      return expectFields(schema.properties, schema.required ?? [], kind.fields);
    case 'either':
      return (schema['anyOf'] as Schema[]).forEach((each, index) =>
        expectKind(each, kind.of[index]),
      );
    case 'list':
      expect(schema['maxItems']).toBe(kind.maxItems);
      return expectKind(schema['items'] as Schema, kind.of);
    case 'tuple':
      expect([schema['minItems'], schema['maxItems']]).toEqual([kind.of.length, kind.of.length]);
      return kind.of.forEach((each) => expectKind(schema['items'] as Schema, each));
    case 'integer':
    case 'number':
      return expect(schema).toEqual({ type: kind.kind, minimum: kind.min, maximum: kind.max });
    case 'text':
      return expect(schema).toEqual({ type: 'string', maxLength: kind.maxLength });
    case 'choice':
      return expect(schema).toEqual({ type: 'string', enum: kind.values });
    case 'flag':
      return expect(schema).toEqual({ type: 'boolean' });
    case 'bytes':
      return expect(schema).toEqual({ type: 'string', contentEncoding: 'base64' });
  }
}
