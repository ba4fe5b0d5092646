import { above, between, checkNumber, whole } from '../../core/check.ts';
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
  checkNumber('n', n, whole(1, 16));
  checkNumber('units', units, whole(1, MAX_UNITS));
  if (options.seconds !== undefined) checkNumber('seconds', seconds, above(0, 120));
  checkNumber('temperature', temperature, between(0, 10));
  checkNumber('topK', topK, whole(1, Number.MAX_SAFE_INTEGER));
  checkNumber('topP', topP, between(0, 1));
  checkNumber('penalty', penalty, between(0.1, 10));
  checkNumber('seed', seed, whole(0, Number.MAX_SAFE_INTEGER));
  if (typeof mayEnd !== 'boolean') {
    throw new TypeError(`mayEnd must be true or false, got ${JSON.stringify(mayEnd)}`);
  }
  return { n, units, seconds, mayEnd, sampling: { temperature, topK, topP, penalty, seed } };
}
