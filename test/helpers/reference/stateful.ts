import { concat, concatMap, defer, finalize } from 'rxjs';
import type { Observable, OperatorFunction } from 'rxjs';
import type { Machine } from '../../../src/core/machine.ts';

/** The adapter as it was before it had a subscriber of its own: the same values in the same order. */
export function plainStateful<In, Out>(create: () => Machine<In, Out>): OperatorFunction<In, Out> {
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
