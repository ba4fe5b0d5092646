import type { Rate } from '../../src/core/types.ts';

/** The numbered part of the dial: what the bundles are calibrated for (docs/bundle.md). */
export const SLOWEST = 5;
export const FASTEST = 8.33;
const STEP = 0.05;
/** Positions: 0 is `natural`, then 5.00 to 8.30 in steps of 0.05, then 8.33. */
export const LAST_POSITION: number = Math.round((8.3 - SLOWEST) / STEP) + 2;

/** Degrees from straight up at which the parts of the scale lie. */
const NATURAL_DEGREES = -135;
const FIRST_DEGREES = -90;
const LAST_DEGREES = 135;

/** The rate at a position of the dial, 0 to 68. */
export function rateAt(position: number): Rate {
  if (position <= 0) return 'natural';
  if (position >= LAST_POSITION) return FASTEST;
  return Number((SLOWEST + (position - 1) * STEP).toFixed(2));
}

/** Where the dial points for a rate. */
export function degreesOf(rate: Rate): number {
  if (rate === 'natural') return NATURAL_DEGREES;
  const share = (rate - SLOWEST) / (FASTEST - SLOWEST);
  return FIRST_DEGREES + share * (LAST_DEGREES - FIRST_DEGREES);
}

/** A rate in words: `natural`, `6.25 units a second`. */
export function rateInWords(rate: Rate): string {
  return rate === 'natural' ? 'natural' : `${rate} units a second`;
}
