import { CommanderError, InvalidArgumentError } from 'commander';
import { EXIT } from './exitCodes.ts';
import type { Rate } from '../core/types.ts';

/** An option's text as a number above 0. */
export function positive(text: string): number {
  return numberWhere(text, (value) => value > 0, 'a number above 0');
}

/** An option's text as a whole number of 1 or more. */
export function count(text: string): number {
  return numberWhere(
    text,
    (value) => Number.isInteger(value) && value >= 1,
    'a whole number of 1 or more',
  );
}

/** An option's text as any finite number. */
export function finite(text: string): number {
  return numberWhere(text, Number.isFinite, 'a number');
}

/** `--rate`: `natural` or units a second. */
export function rate(text: string): Rate {
  if (text === 'natural') return text;
  return numberWhere(text, (value) => value > 0, '"natural" or a number of units a second');
}

/** `--max-delay`: milliseconds of audio, or `none` for no limit. */
export function delay(text: string): number {
  if (text === 'none') return Number.POSITIVE_INFINITY;
  return numberWhere(text, (value) => value > 0, 'milliseconds above 0, or "none"');
}

function numberWhere(text: string, holds: (value: number) => boolean, rule: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value) && holds(value)) return value;
  throw new InvalidArgumentError(`Expected ${rule}, got "${text}".`);
}

/** An option's text as one of the names, whatever its capitals. */
export function oneOf<T extends string>(names: readonly T[]): (text: string) => T {
  return (text) => {
    const found = names.find((name) => name.toLowerCase() === text.toLowerCase());
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`Allowed choices are ${names.join(', ')}.`);
  };
}

/** An option's text as a whole number from 1 to `most`. */
export function countTo(most: number): (text: string) => number {
  const holds = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= most;
  return (text) => numberWhere(text, holds, `a whole number from 1 to ${most}`);
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
