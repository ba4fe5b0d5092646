import * as v from 'valibot';
import { isFaithful, lengthOf } from './text.ts';
import { isWireMap } from './wireMap.ts';

/** What a JSON Schema says (draft 2020-12), as far as messages need it. */
export interface JsonSchema {
  readonly description?: string;
  readonly type?: 'integer' | 'number' | 'string' | 'boolean' | 'object' | 'array';
  readonly const?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly enum?: readonly string[];
  readonly contentEncoding?: 'base64';
  readonly anyOf?: readonly JsonSchema[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: JsonSchema;
}

/** A schema of Valibot, which checks a value and gives its type, and the same in words and for other languages. */
export type Kind<T> = v.GenericSchema<T> & {
  /** For error messages; `expected` goes before it. */
  readonly says: string;
  readonly json: JsonSchema;
};

/** A kind without maps in it; `holds` tests a value as the schema does, and nothing else. */
export type Leaf<T> = Kind<T> & { readonly holds: (value: unknown) => boolean };

/** A field that may be missing or null. */
export type Optional<K extends Kind<unknown>> = v.ExactOptionalSchema<K, undefined>;

/** The known fields of a map; all others are ignored. */
export type Fields = Readonly<Record<string, Kind<unknown> | Optional<Kind<unknown>>>>;

/** A map with known fields. */
export type MapKind<F extends Fields> = Kind<v.InferOutput<v.ObjectSchema<F, undefined>>> & {
  readonly fields: F;
};

/** The type of what a kind holds, for readers only all the way down. */
export type ValueOf<K extends Kind<unknown>> = Fixed<v.InferOutput<K>>;

type Fixed<T> = T extends Uint8Array | string | number | boolean
  ? T
  : { readonly [K in keyof T]: Fixed<T[K]> };

/** Whole numbers from `min` to `max`, both included. */
export function integer(min: number, max: number, about: string): Leaf<number> {
  return leaf<number>(
    (value) => Number.isSafeInteger(value) && isWithin(value as number, min, max),
    `an integer from ${min} to ${max}`,
    { description: about, type: 'integer', minimum: min, maximum: max },
  );
}

/** Finite numbers from `min` to `max`, both included. */
export function number(min: number, max: number, about: string): Leaf<number> {
  return leaf<number>(
    (value) => Number.isFinite(value) && isWithin(value as number, min, max),
    `a number from ${min} to ${max}`,
    { description: about, type: 'number', minimum: min, maximum: max },
  );
}

/** Text of at most `maxLength` characters; `T` where only some texts are of use and others get an answer of their own. */
export function text<T extends string = string>(maxLength: number, about: string): Leaf<T> {
  return leaf<T>(
    (value) => typeof value === 'string' && lengthOf(value) <= maxLength && isFaithful(value),
    `text of at most ${maxLength} characters`,
    { description: about, type: 'string', maxLength },
  );
}

/** One of a few words. */
export function choice<const T extends string>(values: readonly T[], about: string): Leaf<T> {
  return leaf<T>(
    (value) => values.includes(value as T),
    values.map((value) => `"${value}"`).join(' or '),
    { description: about, type: 'string', enum: values },
  );
}

/** One word and no other: the `t` of a message. */
export function word<const T extends string>(value: T): Leaf<T> {
  return leaf<T>((each) => each === value, `"${value}"`, { const: value });
}

/** True or false. */
export function flag(about: string): Leaf<boolean> {
  return leaf<boolean>((value) => typeof value === 'boolean', 'true or false', {
    description: about,
    type: 'boolean',
  });
}

/** A byte string (base64 text in the JSON form). */
export function bytes(about: string): Leaf<Uint8Array> {
  return leaf<Uint8Array>((value) => value instanceof Uint8Array, 'bytes', {
    description: about,
    type: 'string',
    contentEncoding: 'base64',
  });
}

/** One of two kinds. */
export function either<A, B>(a: Leaf<A>, b: Leaf<B>, about: string): Leaf<A | B> {
  const { description: _a, ...first } = a.json;
  const { description: _b, ...second } = b.json;
  return leaf<A | B>((value) => a.holds(value) || b.holds(value), `${a.says}, or ${b.says}`, {
    description: about,
    anyOf: [first, second],
  });
}

/** An array of three of one kind. */
export function triple<T>(of: Leaf<T>, about: string): Leaf<readonly [T, T, T]> {
  const says = 'an array of 3';
  const isTriple = (value: unknown): boolean => Array.isArray(value) && value.length === 3;
  const schema = v.pipe(v.custom<[T, T, T]>(isTriple, says), v.tuple([of, of, of]));
  const { description: _, ...items } = of.json;
  const json = { description: about, type: 'array', minItems: 3, maxItems: 3, items } as const;
  return Object.assign(kind<readonly [T, T, T]>(schema, says, json), {
    holds: (value: unknown) => isTriple(value) && (value as unknown[]).every(of.holds),
  });
}

/** An array of at most `maxItems` of one kind. */
export function list<T>(of: Leaf<T>, maxItems: number, about: string): Leaf<readonly T[]> {
  const says = `an array of at most ${maxItems}`;
  const isShort = (value: unknown): boolean => Array.isArray(value) && value.length <= maxItems;
  const schema = v.pipe(v.custom<T[]>(isShort, says), v.array(of));
  const { description: _, ...items } = of.json;
  const json = { description: about, type: 'array', maxItems, items } as const;
  return Object.assign(kind<readonly T[]>(schema, says, json), {
    holds: (value: unknown) => isShort(value) && (value as unknown[]).every(of.holds),
  });
}

/** A map with known fields. */
export function map<const F extends Fields>(fields: F, about: string): MapKind<F> {
  const says = `a map with ${Object.keys(fields).join(', ')}`;
  const schema = v.pipe(
    v.custom<v.InferInput<v.ObjectSchema<F, undefined>>>(isWireMap, says),
    v.object(fields),
  );
  const all = Object.entries(fields);
  const required = all.flatMap(([name, field]) => (isOptional(field) ? [] : [name]));
  const json: JsonSchema = {
    description: about,
    type: 'object',
    ...(required.length > 0 && { required }),
    properties: Object.fromEntries(all.map(([name, field]) => [name, kindOf(field).json])),
  };
  return Object.assign(kind<unknown>(schema, says, json), { fields }) as unknown as MapKind<F>;
}

/** A field that may be missing or null. */
export function may<K extends Kind<unknown>>(kind: K): Optional<K> {
  return v.exactOptional(kind);
}

/** Whether a field may be missing. */
export function isOptional(field: Fields[string]): field is Optional<Kind<unknown>> {
  return field.type === 'exact_optional';
}

/** What a field holds when it is there. */
export function kindOf(field: Fields[string]): Kind<unknown> {
  return isOptional(field) ? field.wrapped : field;
}

/** Whether a kind is a leaf. */
export function isLeaf(kind: Kind<unknown>): kind is Leaf<unknown> {
  return 'holds' in kind;
}

function leaf<T>(holds: (value: unknown) => boolean, says: string, json: JsonSchema): Leaf<T> {
  return Object.assign(kind<T>(v.custom<T>(holds, says), says, json), { holds });
}

function kind<T>(schema: object, says: string, json: JsonSchema): Kind<T> {
  return Object.assign(schema, { says, json }) as unknown as Kind<T>;
}

function isWithin(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}
