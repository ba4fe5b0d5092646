import type { StateReader, StateWriter } from './savedState.ts';

/**
 * A stage of the pipeline as plain arithmetic over time: values in, values out, state inside.
 * `operators/stateful.ts` turns one into an RxJS operator; tests drive it directly.
 */
export interface Machine<In, Out> {
  /** Takes one value and returns what it completes, in order. Controls pass through at their place. */
  push(value: In): Iterable<Out>;
  /** The end of the stream: returns what is still held. Called once, after the last `push`. */
  flush(): Iterable<Out>;
  /** Frees what the garbage collector cannot see (WebAssembly memory). Called once, whatever ended the stream. */
  release?(): void;
  /** Writes the state, between two calls of `push`. */
  save?(to: StateWriter): void;
  /** Takes the state of a machine made with the same options; before the first `push`. */
  restore?(from: StateReader): void;
}
