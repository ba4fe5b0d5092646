import type { Observable, Subscription } from 'rxjs';

/**
 * Values of an Observable, one by one. What comes while nobody asks waits in order; leaving the loop early calls
 * `onLeave`.
 */
export function iterate<T>(source$: Observable<T>, onLeave: () => void): AsyncIterator<T> {
  const values: T[] = [];
  let state: { readonly error: unknown } | 'open' | 'complete' = 'open';
  let wake: (() => void) | undefined;
  const subscription: Subscription = source$.subscribe({
    next(value) {
      values.push(value);
      wake?.();
    },
    error(error: unknown) {
      state = { error };
      wake?.();
    },
    complete() {
      state = 'complete';
      wake?.();
    },
  });
  return {
    async next() {
      while (values.length === 0 && state === 'open') {
        await new Promise<void>((resolve) => (wake = resolve));
      }
      if (values.length > 0) return { done: false, value: values.shift()! };
      if (typeof state === 'object') throw state.error;
      return { done: true, value: undefined };
    },
    async return() {
      subscription.unsubscribe();
      onLeave();
      return { done: true, value: undefined };
    },
  };
}
