import fc from 'fast-check';
import type { JsonSchema } from '../../src/protocol/kinds.ts';

/** Values that are at home nowhere, or in some place only. */
const STRANGE: readonly unknown[] = [
  null,
  undefined,
  true,
  '',
  'natural',
  '\ud800',
  '\uFEFFa',
  'é'.repeat(65),
  '\u{1F3F4}'.repeat(64),
  'x'.repeat(1025),
  0,
  -0,
  -1,
  0.5,
  1e6 + 1,
  2 ** 53,
  NaN,
  Infinity,
  10n,
  new Uint8Array(2),
  [],
  [1, 2, 3],
  [[1, 2, 3]],
  [[1, null, 3]],
  [[1, 2]],
  [[1, 2, 3], 'x'],
  Array.from({ length: 301 }, () => 'x'),
  {},
  { token: 'a', after: null },
];

/** Maps by a schema: most fields as they should be, some strange or missing; and a field that nobody knows. */
export function almostMaps(schema: JsonSchema): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.entries(schema.properties!).map(([name, each]) => [name, almost(each)]);
  const own = Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>;
  return fc
    .record(
      { ...own, later: fc.constant({ a: [1] }) },
      { requiredKeys: [...(schema.required ?? [])] as never[] },
    )
    .map((map) => ({ ...map }));
}

function almost(schema: JsonSchema): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 12, arbitrary: good(schema) },
    { weight: 1, arbitrary: fc.constantFrom(...STRANGE) },
  );
}

function good(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { minimum, maximum, items, minItems = 0, maxItems = 0 } = schema;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(good));
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.contentEncoding) return fc.uint8Array({ maxLength: 8 });
  switch (schema.type) {
    case 'integer':
      return fc.oneof(
        fc.constantFrom(minimum, maximum),
        fc.integer({ min: minimum!, max: maximum! }),
      );
    case 'number':
      return fc.double({ min: minimum!, max: maximum!, noNaN: true });
    case 'string':
      return fc.string({ maxLength: Math.min(schema.maxLength!, 20) });
    case 'object':
      return almostMaps(schema);
    case 'array':
      return fc.array(almost(items!), { minLength: minItems, maxLength: Math.min(maxItems, 4) });
    default:
      return fc.boolean();
  }
}
