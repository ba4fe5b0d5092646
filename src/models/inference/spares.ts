/** Memories that wait for a next stream, by size. */
export interface Spares<Memory> {
  /** One of exactly so many bytes, as it was left; undefined where there is none. */
  take(bytes: number): Memory | undefined;
  /** Keeps one; over the bound it goes to the collector. */
  giveBack(memory: Memory): void;
  /** Bytes of those that wait. */
  readonly bytes: number;
  /** Lets all go. */
  clear(): void;
}

/** Makes an empty store of at most so many bytes. Whoever takes a memory sees to what lies in it. */
export function createSpares<Memory>(
  maxBytes: number,
  bytesOf: (memory: Memory) => number,
): Spares<Memory> {
  const waiting = new Map<number, Memory[]>();
  let all = 0;
  return {
    get bytes() {
      return all;
    },
    take(bytes) {
      const memory = waiting.get(bytes)?.pop();
      if (memory !== undefined) all -= bytes;
      return memory;
    },
    giveBack(memory) {
      const bytes = bytesOf(memory);
      if (all + bytes > maxBytes) return;
      all += bytes;
      const same = waiting.get(bytes);
      if (same === undefined) waiting.set(bytes, [memory]);
      else same.push(memory);
    },
    clear() {
      waiting.clear();
      all = 0;
    },
  };
}
