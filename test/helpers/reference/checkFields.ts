import { PipelineError } from '../../../src/core/errors.ts';
import { describeValue } from '../../../src/protocol/describe.ts';
import type { JsonSchema } from '../../../src/protocol/kinds.ts';
import { isFaithful, lengthOf } from '../../../src/protocol/text.ts';
import { isWireMap, type WireMap } from '../../../src/protocol/wireMap.ts';

/** What a field may hold, as tables said it before the library had schemas. */
type Kind =
  | { readonly kind: 'integer' | 'number'; readonly min: number; readonly max: number }
  | { readonly kind: 'text'; readonly maxLength: number }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  | { readonly kind: 'flag' | 'bytes' }
  | { readonly kind: 'either'; readonly of: readonly Kind[] }
  | { readonly kind: 'map'; readonly fields: Fields }
  | { readonly kind: 'tuple'; readonly of: readonly Kind[] }
  | { readonly kind: 'list'; readonly of: Kind; readonly maxItems: number };
type Fields = Readonly<Record<string, { readonly kind: Kind; readonly optional: boolean }>>;

/** The check of a message as it was: a walk over a table and the message, field by field. The table is read from the message's JSON Schema. */
export function createPlainCheck(schema: JsonSchema): (map: WireMap, path: string) => WireMap {
  const fields = fieldsOf(schema);
  return (map, path) => checkFields(map, fields, path);
}

function fieldsOf({ properties = {}, required = [] }: JsonSchema): Fields {
  return Object.fromEntries(
    Object.entries(properties).map(([name, each]) => [
      name,
      { kind: kindOf(each), optional: !required.includes(name) },
    ]),
  );
}

function kindOf(schema: JsonSchema): Kind {
  if (schema.const !== undefined) return { kind: 'choice', values: [schema.const] };
  if (schema.anyOf) return { kind: 'either', of: schema.anyOf.map(kindOf) };
  if (schema.enum) return { kind: 'choice', values: schema.enum };
  if (schema.contentEncoding) return { kind: 'bytes' };
  switch (schema.type) {
    case 'integer':
    case 'number':
      return { kind: schema.type, min: schema.minimum!, max: schema.maximum! };
    case 'string':
      return { kind: 'text', maxLength: schema.maxLength! };
    case 'object':
      return { kind: 'map', fields: fieldsOf(schema) };
    case 'array': {
      const of = kindOf(schema.items!);
      return schema.minItems === undefined
        ? { kind: 'list', of, maxItems: schema.maxItems! }
        : { kind: 'tuple', of: Array.from({ length: schema.minItems }, () => of) };
    }
    default:
      return { kind: 'flag' };
  }
}

function checkFields(map: WireMap, fields: Fields, path: string): WireMap {
  const checked: Record<string, unknown> = {};
  for (const name in fields) {
    const field = fields[name];
    const value = Object.hasOwn(map, name) ? map[name] : undefined;
    if (value === undefined || value === null) {
      if (field.optional) continue;
      throw malformed(`${path}.${name} is missing: expected ${describeKind(field.kind)}`);
    }
    checked[name] = checkKind(value, field.kind, `${path}.${name}`);
  }
  return checked;
}

function checkKind(value: unknown, kind: Kind, path: string): unknown {
  if (kind.kind === 'map') {
    if (isWireMap(value)) return checkFields(value, kind.fields, path);
  } else if (kind.kind === 'tuple') {
    if (Array.isArray(value) && value.length === kind.of.length) {
      return kind.of.map((each, index) => checkKind(value[index], each, `${path}[${index}]`));
    }
  } else if (kind.kind === 'list') {
    if (Array.isArray(value) && value.length <= kind.maxItems) {
      return value.map((item, index) => checkKind(item, kind.of, `${path}[${index}]`));
    }
  } else if (fits(value, kind)) {
    return value;
  }
  throw malformed(`${path}: expected ${describeKind(kind)}, got ${describeValue(value)}`);
}

function fits(value: unknown, kind: Kind): boolean {
  switch (kind.kind) {
    case 'integer':
      return Number.isSafeInteger(value) && inRange(value as number, kind);
    case 'number':
      return Number.isFinite(value) && inRange(value as number, kind);
    case 'text':
      return typeof value === 'string' && lengthOf(value) <= kind.maxLength && isFaithful(value);
    case 'choice':
      return typeof value === 'string' && kind.values.includes(value);
    case 'flag':
      return typeof value === 'boolean';
    case 'bytes':
      return value instanceof Uint8Array;
    case 'either':
      return kind.of.some((each) => fits(value, each));
    default:
      return false;
  }
}

function inRange(value: number, range: { readonly min: number; readonly max: number }): boolean {
  return value >= range.min && value <= range.max;
}

function describeKind(kind: Kind): string {
  switch (kind.kind) {
    case 'integer':
      return `an integer from ${kind.min} to ${kind.max}`;
    case 'number':
      return `a number from ${kind.min} to ${kind.max}`;
    case 'text':
      return `text of at most ${kind.maxLength} characters`;
    case 'choice':
      return kind.values.map((value) => `"${value}"`).join(' or ');
    case 'flag':
      return 'true or false';
    case 'bytes':
      return 'bytes';
    case 'either':
      return kind.of.map(describeKind).join(', or ');
    case 'map':
      return `a map with ${Object.keys(kind.fields).join(', ')}`;
    case 'tuple':
      return `an array of ${kind.of.length}`;
    case 'list':
      return `an array of at most ${kind.maxItems}`;
  }
}

function malformed(message: string): PipelineError {
  return new PipelineError('SYLSTREAM_ERR_MALFORMED', message);
}
