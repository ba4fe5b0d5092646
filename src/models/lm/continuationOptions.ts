import type { Sampling } from './drawUnit.ts';
import type { ContinuationOptions } from './unitLm.ts';

/** Most units of one continuation. */
export const MAX_UNITS = 300;

/** Options with their defaults, found good. */
export interface ContinuationPlan {
  readonly n: number;
  readonly units: number;
  /** `Infinity` for no limit. */
  readonly seconds: number;
  readonly mayEnd: boolean;
  readonly sampling: Sampling;
}

/** Checks the options of a continuation. @throws RangeError or TypeError, naming option, rule and value */
export function planContinuation(options: ContinuationOptions = {}): ContinuationPlan {
  const { n = 1, units = MAX_UNITS, mayEnd = false } = options;
  const { seconds = options.units === undefined ? 1 : Infinity } = options;
  const { temperature = 1, topK = 25, topP = 0.9, penalty = 1, seed = 0 } = options;
  whole('n', n, 1, 16);
  whole('units', units, 1, MAX_UNITS);
  if (!(options.seconds === undefined || (seconds > 0 && seconds <= 120))) {
    throw new RangeError(`seconds must be above 0 and at most 120, got ${seconds}`);
  }
  within('temperature', temperature, 0, 10);
  whole('topK', topK, 1, Number.MAX_SAFE_INTEGER);
  within('topP', topP, 0, 1);
  within('penalty', penalty, 0.1, 10);
  whole('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  if (typeof mayEnd !== 'boolean') {
    throw new TypeError(`mayEnd must be true or false, got ${JSON.stringify(mayEnd)}`);
  }
  return { n, units, seconds, mayEnd, sampling: { temperature, topK, topP, penalty, seed } };
}

function whole(option: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${option} must be a whole number from ${least} to ${most}, got ${value}`);
}

function within(option: string, value: number, least: number, most: number): void {
  if (typeof value === 'number' && value >= least && value <= most) return;
  throw new RangeError(`${option} must be a number from ${least} to ${most}, got ${value}`);
}
