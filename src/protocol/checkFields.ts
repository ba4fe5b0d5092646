import { PipelineError } from '../core/errors.ts';
import type { Fields, Kind } from './fields.ts';
import { describeKind, describeValue } from './describe.ts';
import { isFaithful, lengthOf } from './text.ts';

/** A decoded map of the wire, before its fields are checked. */
export type WireMap = Readonly<Record<string, unknown>>;

/** Whether a decoded value is a map. */
export function isWireMap(value: unknown): value is WireMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}

/**
 * Returns a new map (or `checked`) that holds the known fields of `map` and nothing else. An optional field that is null is left out.
 * Throws `SYLSTREAM_ERR_MALFORMED` when a field is missing or holds anything else than `fields` says.
 */
export function checkFields(
  map: WireMap,
  fields: Fields,
  path: string,
  checked: Record<string, unknown> = {},
): Record<string, unknown> {
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

function malformed(message: string): PipelineError {
  return new PipelineError('SYLSTREAM_ERR_MALFORMED', message);
}
