/** What a number has to be, and how a person is told. */
export interface Rule {
  readonly holds: (value: number) => boolean;
  /** Goes on after "must be": `a whole number from 1 to 16`. */
  readonly says: string;
}

/** Whole numbers from `min` to `max`; no end by default. */
export function whole(min: number, max: number = Infinity): Rule {
  return {
    holds: (value) => Number.isInteger(value) && value >= min && value <= max,
    says: `a whole number ${span(min, max)}`,
  };
}

/** Numbers from `min` to `max`; no end by default, and then `Infinity` too. */
export function between(min: number, max: number = Infinity): Rule {
  return {
    holds: (value) => value >= min && value <= max,
    says: `a number ${span(min, max)}`,
  };
}

/** Numbers above `min`, up to `max`; no end by default, but finite. */
export function above(min: number, max: number = Infinity): Rule {
  return {
    holds: (value) => value > min && value <= max && value < Infinity,
    says: max === Infinity ? `a number above ${min}` : `above ${min} and at most ${max}`,
  };
}

/** Finite numbers from `min` on; no beginning by default. */
export function finite(min: number = -Infinity): Rule {
  return {
    holds: (value) => Number.isFinite(value) && value >= min,
    says: min === -Infinity ? 'finite' : `finite and ${min} or more`,
  };
}

/** The same numbers, in words that say more: `0 or more milliseconds`. */
export function saying(rule: Rule, says: string): Rule {
  return { holds: rule.holds, says };
}

/**
 * Returns an option's value if it keeps the rule. These are all the errors of an option that is a number.
 *
 * @throws TypeError for what is no number, RangeError for another one; both name option, rule and value
 */
export function checkNumber(name: string, value: number, rule: Rule): number {
  if (typeof value !== 'number') {
    throw new TypeError(`${name} must be a number, got ${value === null ? 'null' : typeof value}`);
  }
  if (!rule.holds(value)) throw new RangeError(`${name} must be ${rule.says}, got ${value}`);
  return value;
}

/**
 * Returns a list of numbers if each keeps the rule; an error names the place of the first that does not.
 *
 * @throws TypeError, RangeError as `checkNumber` does
 */
export function checkEach(name: string, values: readonly number[], rule: Rule): readonly number[] {
  for (let index = 0; index < values.length; index++) {
    checkNumber(`${name}[${index}]`, values[index], rule);
  }
  return values;
}

/**
 * Returns an option's value if it is one of the choices.
 *
 * @throws TypeError for another, which names option, choices and value
 */
export function checkChoice<T extends string>(name: string, value: T, choices: readonly T[]): T {
  if (choices.includes(value)) return value;
  throw new TypeError(`${name} must be one of ${choices.join(', ')}, got ${shown(value)}`);
}

function span(min: number, max: number): string {
  return max === Infinity ? `of ${min} or more` : `from ${min} to ${max}`;
}

/** What a caller passed, in a message: text in quotes, a number as it is, of anything else the kind. */
function shown(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100));
  return typeof value === 'number' ? String(value) : typeof value;
}
