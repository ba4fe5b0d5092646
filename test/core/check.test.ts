import { describe, expect, it } from 'vitest';
import {
  above,
  between,
  checkChoice,
  checkEach,
  checkNumber,
  finite,
  type Rule,
  saying,
  whole,
} from '../../src/core/check.ts';

/** Rules with what they say, numbers just inside and just outside. */
const RULES: [Rule, string, number[], number[]][] = [
  [whole(1, 16), 'a whole number from 1 to 16', [1, 16], [0, 17, 1.5, NaN, Infinity]],
  [whole(0), 'a whole number of 0 or more', [0, 2 ** 53], [-1, 0.5, Infinity]],
  [between(0.1, 10), 'a number from 0.1 to 10', [0.1, 10], [0.09, 10.1, NaN]],
  [between(0), 'a number of 0 or more', [0, Infinity], [-1e-9, NaN]],
  [above(0, 120), 'above 0 and at most 120', [1e-9, 120], [0, 120.1, NaN]],
  [above(0), 'a number above 0', [1e-9, 1e300], [0, Infinity, NaN]],
  [finite(), 'finite', [-1e300, 0], [Infinity, -Infinity, NaN]],
  [finite(0), 'finite and 0 or more', [0, 1e300], [-1, Infinity, NaN]],
  [saying(whole(1), 'a count'), 'a count', [1], [0]],
];

describe('checkNumber', () => {
  it.each(RULES)('%o: %s', (rule, says, inside, outside) => {
    for (const value of inside) expect(checkNumber('n', value, rule)).toBe(value);
    for (const value of outside) {
      expect(() => checkNumber('n', value, rule)).toThrow(
        new RangeError(`n must be ${says}, got ${value}`),
      );
    }
  });

  it.each([
    ['3', 'string'],
    [null, 'null'],
    [undefined, 'undefined'],
    [3n, 'bigint'],
    [[3], 'object'],
  ])('refuses %o as no number', (value, kind) => {
    expect(() => checkNumber('n', value as unknown as number, whole(1, 16))).toThrow(
      new TypeError(`n must be a number, got ${kind}`),
    );
  });
});

describe('checkEach', () => {
  it('gives a list back whose items keep the rule, an empty one too', () => {
    for (const values of [[], [0, 4]]) expect(checkEach('units', values, whole(0, 4))).toBe(values);
  });

  it('names the place of the first item that does not', () => {
    expect(() => checkEach('units', [1, 5, -1], whole(0, 4))).toThrow(
      new RangeError('units[1] must be a whole number from 0 to 4, got 5'),
    );
    const absent = Array.from<number>({ length: 1 });
    expect(() => checkEach('units', absent, whole(0, 4))).toThrow(
      new TypeError('units[0] must be a number, got undefined'),
    );
  });
});

describe('checkChoice', () => {
  it('gives one of the choices back', () => {
    expect(checkChoice('on', 'unit', ['unit', 'flush'])).toBe('unit');
  });

  it.each([
    ['often', '"often"'],
    [null, 'null'],
    [undefined, 'undefined'],
    [true, 'true'],
    [7, '7'],
    [{ toString: () => 'unit' }, 'object'],
    ['x'.repeat(1000), `"${'x'.repeat(100)}"`],
  ])('refuses %o', (value, shown) => {
    expect(() => checkChoice('on', value as 'unit', ['unit', 'flush'])).toThrow(
      new TypeError(`on must be one of unit, flush, got ${shown}`),
    );
  });
});
