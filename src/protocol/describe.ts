import { isFaithful, lengthOf } from './text.ts';

/** What came instead, short and without its content where that may be long or private. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return describeText(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return value === null ? 'null' : `a ${typeof value}`;
}

function describeText(value: string): string {
  return `text of ${lengthOf(value)} characters${isFaithful(value) ? '' : ' with a half of one, or a byte order mark'}`;
}
