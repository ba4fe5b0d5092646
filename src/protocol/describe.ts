import { isFaithful, lengthOf } from './text.ts';
import type { Kind } from './fields.ts';

/** What a field takes, in words, for error messages. */
export function describeKind(kind: Kind): string {
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

function describeText(value: string): string {
  return `text of ${lengthOf(value)} characters${isFaithful(value) ? '' : ' with a half of one, or a byte order mark'}`;
}

/** What came instead, short and without its content where that may be long or private. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return describeText(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return value === null ? 'null' : `a ${typeof value}`;
}
