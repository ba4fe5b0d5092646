import { TOKEN_SAMPLES, toSeconds } from '../core/time.ts';
import { numberedRates, type BoundaryConfig } from './rateDial.ts';
import type { Saved } from '../core/savedState.ts';

/** Holds a stream to its rate: what it adds to λ. */
export interface RateHold extends Saved {
  /** Counts a decided segment. */
  count(tokens: number, pause: boolean): void;
  /** To be called for each token in order, with the rate asked for; returns what to add to λ for the boundary before it. */
  correct(token: number, targetHz: number): number;
  /** What is added to λ now. */
  readonly added: number;
}

/** λ is corrected at every token number that this divides: once a second. */
const CORRECT_EVERY_TOKENS = 50;
/** The memory of the measured rate, in seconds of non-pause: about 80 units. */
const MEMORY_SECONDS = 15;
/** Non-pause seconds below which the rate says too little to act on. */
const LEAST_SECONDS = 4;
/** Part of the whole correction that is made each second. */
const GAIN = 0.1;
/** The correction stays within this many times the span of λ that the bundle is calibrated for. */
const REACH = 2;

/**
 * Makes a controller that turns λ slowly until the decided segments come at the asked units per second of non-pause.
 *
 * It acts on decided segments only, at fixed token numbers, so it is a function of the audio alone. How much λ a step in
 * rate needs is taken from the bundle's own calibration (between its slowest and fastest number; |λ| of `natural` or 1
 * where there are not two).
 */
export function createRateHold(config: BoundaryConfig): RateHold {
  const { slope, limit } = calibration(config);
  const seconds = toSeconds(TOKEN_SAMPLES);
  let units = 0;
  let time = 0;
  let added = 0;
  return {
    count(tokens, pause) {
      if (pause) return;
      const spent = tokens * seconds;
      const keep = Math.exp(-spent / MEMORY_SECONDS);
      units = units * keep + 1;
      time = time * keep + spent;
    },
    get added() {
      return added;
    },
    correct(token, targetHz) {
      if (token % CORRECT_EVERY_TOKENS === 0 && time >= LEAST_SECONDS) {
        const tooFast = Math.log(units / time / targetHz);
        added = Math.min(limit, Math.max(-limit, added + GAIN * slope * tooFast));
      }
      return added;
    },
    save: (to) => to.numbers(units, time, added),
    restore(from) {
      units = from.finite();
      time = from.finite();
      added = from.finite();
      if (units < 0 || time < 0 || Math.abs(added) > limit)
        throw new RangeError('expected a rate that can be held in a saved state, got another');
    },
  };
}

/** λ per e-fold of rate (a positive number: more λ, fewer units), and the most that may be added. */
function calibration(config: BoundaryConfig): { slope: number; limit: number } {
  const numbered = numberedRates(config);
  const slow = numbered[0];
  const fast = numbered.at(-1);
  if (slow !== undefined && fast !== undefined && slow.lambda > fast.lambda) {
    const span = slow.lambda - fast.lambda;
    return { slope: span / Math.log(fast.hz / slow.hz), limit: REACH * span };
  }
  const natural = config.rates.find((setting) => setting.name === 'natural');
  const size = Math.abs(natural?.lambda ?? 0) || 1;
  return { slope: size, limit: REACH * size };
}
