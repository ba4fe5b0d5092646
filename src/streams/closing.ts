/**
 * Passes an iterable on and closes it at the end or when the signal comes, even while it is being waited for: a Node stream
 * is destroyed, an iterator is asked to return.
 */
export async function* closing<T>(
  values: AsyncIterable<T> | Iterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const iterator =
    Symbol.asyncIterator in values ? values[Symbol.asyncIterator]() : values[Symbol.iterator]();
  try {
    for (;;) {
      const step = await orAbort(iterator.next(), signal);
      if (step === undefined || step.done === true) return;
      yield step.value;
    }
  } finally {
    if ('destroy' in values && typeof values.destroy === 'function') values.destroy();
    // Not awaited: an iterator that waits for bytes answers when they come, if ever; nobody is left to hear of its errors.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

/** The value, or undefined as soon as the signal comes. Leaves no listener behind. */
export function orAbort<T>(value: T | PromiseLike<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const leave = (): void => resolve(undefined);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave);
    Promise.resolve(value)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', leave));
  });
}
