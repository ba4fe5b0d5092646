import type { Machine } from './machine.ts';

/**
 * Joins two machines into one: what the first gives goes into the second. When the first throws, the second gives what it
 * holds before the error goes on, so that nothing that was good is lost.
 */
export function chain<In, Between, Out>(
  first: Machine<In, Between>,
  second: Machine<Between, Out>,
): Machine<In, Out> {
  function* handOn(run: () => Iterable<Between>): Generator<Out> {
    let values: Iterator<Between> | undefined;
    for (;;) {
      let step: IteratorResult<Between, unknown>;
      try {
        values ??= run()[Symbol.iterator]();
        step = values.next();
      } catch (error) {
        try {
          yield* second.flush();
        } catch {
          // What broke first says more than what its end broke in turn.
        }
        throw error;
      }
      if (step.done === true) return;
      yield* second.push(step.value);
    }
  }

  return {
    push: (value) => handOn(() => first.push(value)),
    *flush() {
      yield* handOn(() => first.flush());
      yield* second.flush();
    },
    release() {
      first.release?.();
      second.release?.();
    },
    save(to) {
      first.save!(to);
      second.save!(to);
    },
    restore(from) {
      first.restore!(from);
      second.restore!(from);
    },
  };
}
