import type { Machine } from '../core/machine.ts';

/**
 * Runs values through a machine, on demand, and releases it. Where the values themselves fail, the machine gives what it
 * holds before the error goes on: nothing that was good is lost.
 */
export async function* through<In, Out>(
  values: AsyncIterable<In> | Iterable<In>,
  machine: Machine<In, Out>,
): AsyncGenerator<Out> {
  let failure: { readonly error: unknown } | undefined;
  async function* untilFailure(): AsyncGenerator<In> {
    try {
      yield* values;
    } catch (error) {
      failure = { error };
    }
  }
  try {
    for await (const value of untilFailure()) yield* machine.push(value);
    try {
      yield* machine.flush();
    } catch (error) {
      // What broke first says more than what its end broke in turn.
      if (failure === undefined) throw error;
    }
    if (failure !== undefined) throw failure.error;
  } finally {
    machine.release?.();
  }
}
