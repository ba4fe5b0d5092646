import { concat, concatMap, defer, finalize } from 'rxjs';
import type { Observable, OperatorFunction } from 'rxjs';
import type { Machine } from '../dsp/machine.ts';

/**
 * Turns a push/flush machine into an operator: the one place where state meets a subscription.
 *
 * Every subscription gets a machine of its own from `create`. Values go through `push` in order; when the source
 * completes, what `flush` returns follows. Whatever `create`, `push` or `flush` throws is sent downstream as an
 * error, after the values that came before it. `release` is called once at the end, be it completion, error or
 * unsubscription.
 *
 * ```ts
 * const double = stateful<number, number>(() => ({ push: (n) => [n, n], flush: () => [] }));
 * of(1, 2).pipe(double); // 1, 1, 2, 2
 * ```
 */
export function stateful<In, Out>(create: () => Machine<In, Out>): OperatorFunction<In, Out> {
  return function statefulOperator(source: Observable<In>): Observable<Out> {
    return defer(() => {
      const machine = create();
      // concatMap, not mergeMap: a value that arrives while another is being handed on has to wait for its turn.
      const pushed = source.pipe(concatMap((value) => machine.push(value)));
      return concat(
        pushed,
        defer(() => machine.flush()),
      ).pipe(finalize(() => machine.release?.()));
    });
  };
}
