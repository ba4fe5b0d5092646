import { between, checkNumber } from '../core/check.ts';
import { defer, map, type MonoTypeOperatorFunction, takeWhile } from 'rxjs';
import type { PcmChunk } from '../core/types.ts';

/**
 * Passes exactly the first `limit` samples on, cutting the last chunk, then completes and lets go of its source.
 *
 * - `limit`: samples, 1 or more, or `Infinity`.
 *
 * Throws a `RangeError` for another limit.
 */
export function takeSamples(limit: number): MonoTypeOperatorFunction<PcmChunk> {
  checkNumber('limit', limit, between(1));
  return function takeSamplesOperator(source) {
    return defer(() => {
      let left = limit;
      return source.pipe(
        map(({ samples }) => ({ samples: samples.subarray(0, Math.min(left, samples.length)) })),
        takeWhile(({ samples }) => (left -= samples.length) > 0, true),
      );
    });
  };
}
