import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { createMapCheck } from '../../src/protocol/checkMap.ts';
import { CLIENT_MESSAGES } from '../../src/protocol/clientMessages.ts';
import type { Fields, MapKind } from '../../src/protocol/kinds.ts';
import { SERVER_MESSAGES } from '../../src/protocol/serverMessages.ts';
import { isWireMap } from '../../src/protocol/wireMap.ts';
import { createPlainCheck } from '../helpers/reference/checkFields.ts';
import { almostMaps } from '../helpers/wireValues.ts';

const KINDS: readonly (readonly [name: string, kind: MapKind<Fields>])[] = [
  ...Object.entries(CLIENT_MESSAGES).map(([t, kind]) => [`client.${t}`, kind] as const),
  ...Object.entries(SERVER_MESSAGES).map(([t, kind]) => [`server.${t}`, kind] as const),
];

/** What a check returns, with the order of its fields, or its error's words. */
function outcome(check: () => unknown): unknown {
  try {
    const checked = check() as object;
    return { keys: Object.keys(checked), checked };
  } catch (error) {
    return String(error);
  }
}

/** Whether a field of a map, or of one inside it, is null. */
function hasNulls(value: unknown): boolean {
  if (!isWireMap(value)) return value === null || value === undefined;
  return Object.values(value).some(hasNulls);
}

describe('the check of a map', () => {
  it.each(KINDS)('of %s says what its JSON Schema says, in the same words', (name, kind) => {
    const check = createMapCheck(kind);
    const plainCheck = createPlainCheck(kind.json);
    let passed = 0;
    fc.assert(
      fc.property(almostMaps(kind.json), (map) => {
        const expected = outcome(() => plainCheck(map, name));
        expect(outcome(() => check(map, name))).toEqual(expected);
        if (typeof expected !== 'string') passed++;
      }),
      { numRuns: 300, seed: 16 },
    );
    expect(passed).toBeGreaterThan(20);
  });

  it.each(KINDS)('of %s takes the quick way only where the schema agrees', (name, kind) => {
    const check = createMapCheck(kind);
    fc.assert(
      fc.property(almostMaps(kind.json), (map) => {
        fc.pre(!hasNulls(map)); // they count as missing, which Valibot does not know
        const slow = v.safeParse(kind, map);
        const own = outcome(() => check(map, name));
        expect(typeof own !== 'string').toBe(slow.success);
      }),
      { numRuns: 200, seed: 17 },
    );
  });

  it('names the place of what is wrong, however deep', () => {
    const check = createMapCheck(CLIENT_MESSAGES.hello);
    const audio = { fmt: 's16le', rate: 16_000, ch: 1 };
    const hello = { t: 'hello', v: 1, audio };
    const says = (map: Readonly<Record<string, unknown>>): unknown =>
      outcome(() => check(map, 'hello'));
    expect(says({ t: 'hello', v: 1 })).toContain(
      'hello.audio is missing: expected a map with fmt, rate, ch',
    );
    expect(says({ ...hello, audio: { ...audio, rate: null } })).toContain(
      'hello.audio.rate is missing: expected an integer from 0 to 1000000',
    );
    expect(says({ ...hello, audio: [] })).toContain(
      'hello.audio: expected a map with fmt, rate, ch, got an array of 0',
    );
    expect(
      says({
        ...hello,
        past: [
          [1, 2, 3],
          [1, 2, -3],
        ],
      }),
    ).toContain('hello.past[1][2]: expected an integer from 0 to 9007199254740991, got -3');
    expect(says({ ...hello, past: [[1, 2]] })).toContain(
      'hello.past[0]: expected an array of 3, got an array of 2',
    );
    expect(says({ ...hello, rate: 51 })).toContain(
      'hello.rate: expected "natural", or a number from 0.1 to 50, got 51',
    );
  });

  it('keeps known fields only, leaves out what is null, and changes nothing of what it got', () => {
    const check = createMapCheck(CLIENT_MESSAGES.hello);
    const audio = { fmt: 's16le', rate: 16_000, ch: 1, later: 1 };
    const want = { partials: null, features: true };
    const map = Object.freeze({ t: 'hello', v: 1, audio, want, pace: null, later: {} });
    expect(check(map, 'hello')).toStrictEqual({
      t: 'hello',
      v: 1,
      audio: { fmt: 's16le', rate: 16_000, ch: 1 },
      want: { features: true },
    });
    expect(want).toStrictEqual({ partials: null, features: true });
  });
});
