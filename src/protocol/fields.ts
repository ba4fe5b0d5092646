/** What a field may hold: the words in which `clientFields.ts` and `serverFields.ts` describe messages. */
export type Kind =
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  | { readonly kind: 'number'; readonly min: number; readonly max: number }
  | { readonly kind: 'text'; readonly maxLength: number }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  | { readonly kind: 'flag' }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'either'; readonly of: readonly Kind[] }
  | { readonly kind: 'map'; readonly fields: Fields }
  | { readonly kind: 'tuple'; readonly of: readonly Kind[] }
  | { readonly kind: 'list'; readonly of: Kind; readonly maxItems: number };

/** One field of a message or of a map inside it. */
export interface Field {
  readonly kind: Kind;
  readonly optional: boolean;
}

/** The known fields of a map; all others are ignored. */
export type Fields = Readonly<Record<string, Field>>;

/** A field that must be there. */
export function must(kind: Kind): Field {
  return { kind, optional: false };
}

/** A field that may be missing or null. */
export function may(kind: Kind): Field {
  return { kind, optional: true };
}

/** Whole numbers from `min` to `max`, both included. */
export function integer(min: number, max: number): Kind {
  return { kind: 'integer', min, max };
}

/** Finite numbers from `min` to `max`, both included. */
export function number(min: number, max: number): Kind {
  return { kind: 'number', min, max };
}

/** Text of at most `maxLength` characters. */
export function text(maxLength: number): Kind {
  return { kind: 'text', maxLength };
}

/** One of a few words. */
export function choice(...values: readonly string[]): Kind {
  return { kind: 'choice', values };
}

/** The first kind that fits. */
export function either(...of: readonly Kind[]): Kind {
  return { kind: 'either', of };
}

/** A map with known fields. */
export function map(fields: Fields): Kind {
  return { kind: 'map', fields };
}

/** An array with one kind a place. */
export function tuple(...of: readonly Kind[]): Kind {
  return { kind: 'tuple', of };
}

/** An array of at most `maxItems` of one kind. */
export function list(of: Kind, maxItems: number): Kind {
  return { kind: 'list', of, maxItems };
}

/** True or false. */
export const flag: Kind = { kind: 'flag' };

/** A byte string (base64 text in the JSON form). */
export const bytes: Kind = { kind: 'bytes' };
