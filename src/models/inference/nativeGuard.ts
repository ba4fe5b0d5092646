/**
 * Keeps the end of a thread out of native calls. When a thread is ended (`terminate()`, or the whole process by
 * `process.exit()`) inside `session.run()`, the addon throws where nothing can catch it and the process aborts. So
 * the thread says in shared memory when it is inside, and whoever ends it first bars the way and waits.
 */

const INSIDE = 0;
const BARRED = 1;

/** Makes the shared word of one thread: `[inside, barred]`. */
export function createGuardMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(8);
}

/** In the thread: makes native calls one can wait for. Once barred, a call never starts and never settles. */
export function guardNative(memory: ArrayBufferLike): <T>(call: () => Promise<T>) => Promise<T> {
  const words = new Int32Array(memory);
  const leave = (): void => {
    Atomics.store(words, INSIDE, 0);
    Atomics.notify(words, INSIDE);
  };
  return async (call) => {
    Atomics.store(words, INSIDE, 1);
    if (Atomics.load(words, BARRED) === 1) {
      leave();
      return new Promise<never>(() => undefined);
    }
    return call().finally(leave);
  };
}

/** From outside: lets no further call in, and resolves when the one under way is over (or after `timeoutMs`). */
export async function barNative(memory: ArrayBufferLike, timeoutMs: number): Promise<void> {
  const words = new Int32Array(memory);
  bar(words);
  const waiting = Atomics.waitAsync(words, INSIDE, 1, timeoutMs);
  if (waiting.async) await waiting.value;
}

/** The same, blocking: for the last moments of a process. */
export function barNativeNow(memory: ArrayBufferLike, timeoutMs: number): void {
  const words = new Int32Array(memory);
  bar(words);
  Atomics.wait(words, INSIDE, 1, timeoutMs);
}

function bar(words: Int32Array): void {
  Atomics.store(words, BARRED, 1);
}
