import { CommanderError, InvalidArgumentError } from 'commander';
import { above, finite as finiteNumber, type Rule, saying, whole } from '../core/check.ts';
import { EXIT } from './exitCodes.ts';
import type { Rate } from '../core/types.ts';

/** An option's text as a number above 0. */
export function positive(text: string): number {
  return numberOf(text, above(0));
}

/** An option's text as a whole number of 1 or more. */
export function count(text: string): number {
  return numberOf(text, whole(1));
}

/** An option's text as a whole number from 1 to `most`. */
export function countTo(most: number): (text: string) => number {
  return (text) => numberOf(text, whole(1, most));
}

/** An option's text as any finite number. */
export function finite(text: string): number {
  return numberOf(text, saying(finiteNumber(), 'a number'));
}

/** `--rate`: `natural` or units a second. */
export function rate(text: string): Rate {
  if (text === 'natural') return text;
  return numberOf(text, saying(above(0), '"natural" or a number of units a second'));
}

/** `--max-delay`: milliseconds of audio, or `none` for no limit. */
export function delay(text: string): number {
  if (text === 'none') return Number.POSITIVE_INFINITY;
  return numberOf(text, saying(above(0), 'milliseconds above 0, or "none"'));
}

function numberOf(text: string, rule: Rule): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && rule.holds(value)) return value;
  throw new InvalidArgumentError(`Expected ${rule.says}, got "${text}".`);
}

/** An option's text as one of the names, whatever its capitals. */
export function oneOf<T extends string>(names: readonly T[]): (text: string) => T {
  return (text) => {
    const found = names.find((name) => name.toLowerCase() === text.toLowerCase());
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`Allowed choices are ${names.join(', ')}.`);
  };
}

/**
 * Calls a factory of the library with what the options say. Where only the library can judge a value (the bundle's rates,
 * a format's channels) it throws a `RangeError` at once, and here that is a usage error; nowhere else is one.
 */
export function fromOptions<T>(create: () => T): T {
  try {
    return create();
  } catch (error) {
    if (error instanceof RangeError) throw misuse(error.message);
    throw error;
  }
}

/** Options that are fine alone and wrong together. */
export function misuse(message: string): CommanderError {
  return new CommanderError(EXIT.usage, 'sylstream.misuse', message);
}
