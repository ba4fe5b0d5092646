import { checkNumber, whole } from '../core/check.ts';
import { concat, defer, from, map, mergeMap, type Observable, of } from 'rxjs';
import type { Machine } from '../core/machine.ts';
import { stateful } from '../operators/stateful.ts';

/** A value of source `n`, or its end. */
interface Item<T> {
  readonly n: number;
  readonly values: readonly T[];
  readonly done: boolean;
}

/**
 * Runs several sources at once and emits their values as if they ran one after the other: those of the first as they
 * come, those of the others when all before them have ended. What waits is kept, so use it for small values.
 *
 * - `concurrency`: sources that run at the same time, 1 or more.
 *
 * Errors: that of any source, at once. Throws a `RangeError` for a concurrency that is no whole number of 1 or more.
 *
 * ```ts
 * mergeInOrder(files.map((file) => unitsOf(file)), 4).subscribe(print); // the same output, sooner
 * ```
 */
export function mergeInOrder<T>(
  sources: readonly Observable<T>[],
  concurrency: number,
): Observable<T> {
  checkNumber('concurrency', concurrency, whole(1));
  const run = (source: Observable<T>, n: number): Observable<Item<T>> =>
    concat(
      source.pipe(map((value) => ({ n, values: [value], done: false }))),
      defer(() => of({ n, values: [], done: true })),
    );
  return from(sources).pipe(mergeMap(run, concurrency), stateful(createSorter<T>));
}

/** Holds back what came too early. */
function createSorter<T>(): Machine<Item<T>, T> {
  const waiting = new Map<number, { values: T[]; done: boolean }>();
  let current = 0;
  return {
    *push({ n, values, done }) {
      if (n !== current) {
        const held = waiting.get(n) ?? { values: [], done: false };
        held.values.push(...values);
        held.done = done;
        waiting.set(n, held);
        return;
      }
      yield* values;
      if (!done) return;
      for (let next = waiting.get(++current); next !== undefined; next = waiting.get(++current)) {
        waiting.delete(current);
        yield* next.values;
        if (!next.done) return;
      }
    },
    flush: () => [],
  };
}
