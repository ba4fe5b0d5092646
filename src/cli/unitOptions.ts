import type { Command } from 'commander';
import { delay, rate } from './usage.ts';

/** Adds the options that say which units are wanted, and how soon. */
export function withUnitOptions(command: Command): Command {
  return command
    .optionsGroup('Units:')
    .option(
      '--rate <rate>',
      '"natural", or units a second of speech (the bundle says which)',
      rate,
      'natural',
    )
    .option(
      '--max-delay <ms>',
      'audio milliseconds after which a boundary is forced, or "none"',
      delay,
      800,
    )
    .option(
      '--split-pauses',
      'a long silence in the pieces in which it is decided (default: one pause)',
    )
    .option('--features', "add each unit's mean feature vector")
    .option('--partials', 'also print the provisional tail, {"from", "provisional"} (JSONL only)')
    .option('--header', 'first print a line with bundle, hash, rate and λ (JSONL only)');
}
