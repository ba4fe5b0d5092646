import { concatMap, defer, dematerialize, materialize, of } from 'rxjs';
import type { MonoTypeOperatorFunction, Observable, OperatorFunction } from 'rxjs';
import type { Machine } from '../core/machine.ts';
import type { Wasm } from '../core/wasm.ts';
import { driven } from './driven.ts';

/**
 * Turns a push/flush machine into an operator: the one place where state meets a subscription.
 *
 * Every subscription gets a machine of its own from `create`. Values go through `push` in order; when the source
 * completes, what `flush` returns follows. Whatever `create`, `push` or `flush` throws is sent downstream as an
 * error, after the values that came before it. `release` is called once at the end, be it completion, error or
 * unsubscription.
 *
 * `wasm` is what `create`, `push` or `flush` need loaded: until it is, values wait, and the machine with them.
 *
 * ```ts
 * const double = stateful<number, number>(() => ({ push: (n) => [n, n], flush: () => [] }));
 * of(1, 2).pipe(double); // 1, 1, 2, 2
 * ```
 */
export function stateful<In, Out>(
  create: () => Machine<In, Out>,
  wasm?: Wasm<unknown>,
): OperatorFunction<In, Out> {
  return function statefulOperator(source: Observable<In>): Observable<Out> {
    return defer(() => {
      if (wasm === undefined || wasm.loaded !== undefined) return driven(source, create());
      return driven(source.pipe(heldUntil(wasm)), onFirstUse(create));
    });
  };
}

/** Holds values, end and error back, in order, until WebAssembly is there: some milliseconds, once in a process. */
function heldUntil<T>(wasm: Wasm<unknown>): MonoTypeOperatorFunction<T> {
  const loading = wasm.load();
  return (source) =>
    source.pipe(
      materialize(),
      concatMap((notification) =>
        wasm.loaded === undefined ? loading.then(() => notification) : of(notification),
      ),
      dematerialize(),
    );
}

/** A machine that is made when the first value, or the end, reaches it. */
function onFirstUse<In, Out>(create: () => Machine<In, Out>): Machine<In, Out> {
  let made: Machine<In, Out> | undefined;
  const machine = (): Machine<In, Out> => (made ??= create());
  return {
    push: (value) => machine().push(value),
    flush: () => machine().flush(),
    release: () => made?.release?.(),
  };
}
