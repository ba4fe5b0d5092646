/**
 * The state of a machine as plain bytes: written by `save()`, read back in the same order by `restore()`. A machine that is
 * restored goes on bit for bit like the one that was saved.
 */
export interface StateWriter {
  /** Numbers, each 8 bytes. */
  numbers(...values: readonly number[]): void;
  /** An array with its length. */
  float32s(values: Float32Array): void;
  /** An array with its length. */
  float64s(values: Float64Array): void;
}

/** Reads what a `StateWriter` wrote. */
export interface StateReader {
  /** The next number. */
  number(): number;
  /** The next array; memory of its own. */
  float32s(): Float32Array<ArrayBuffer>;
  /** The next array; memory of its own. */
  float64s(): Float64Array<ArrayBuffer>;
}

/** A machine whose state can be carried elsewhere. */
export interface Saved {
  save(to: StateWriter): void;
  /** Takes the state of a machine that was made with the same options; to be called before anything else. */
  restore(from: StateReader): void;
}

const BYTES = 8;

/** A writer that can be used again and again without new memory. */
export interface StateBuffer extends StateWriter {
  /** Forgets what was written. */
  clear(): void;
  /** What was written since; valid until the next call. */
  bytes(): Uint8Array;
}

/** Makes a writer over memory that grows by doubling. Everything lies on multiples of 8 bytes. */
export function createStateBuffer(firstBytes: number = 1 << 16): StateBuffer {
  let buffer = new ArrayBuffer(firstBytes);
  let doubles = new Float64Array(buffer);
  let floats = new Float32Array(buffer);
  let used = 0; // in units of 8 bytes

  function reserve(count: number): void {
    if (used + count <= doubles.length) return;
    const wider = new Float64Array(2 ** Math.ceil(Math.log2(used + count)));
    wider.set(doubles.subarray(0, used));
    buffer = wider.buffer;
    doubles = wider;
    floats = new Float32Array(buffer);
  }

  return {
    numbers(...values) {
      reserve(values.length);
      for (const value of values) doubles[used++] = value;
    },
    float32s(values) {
      const count = Math.ceil(values.length / 2);
      reserve(1 + count);
      doubles[used++] = values.length;
      floats.set(values, 2 * used);
      used += count;
    },
    float64s(values) {
      reserve(1 + values.length);
      doubles[used++] = values.length;
      doubles.set(values, used);
      used += values.length;
    },
    clear() {
      used = 0;
    },
    bytes: () => new Uint8Array(buffer, 0, BYTES * used),
  };
}

/**
 * Makes a reader of bytes that a `StateWriter` wrote.
 *
 * Throws a `RangeError` when there is less than is asked for.
 */
export function createStateReader(bytes: Uint8Array): StateReader {
  const copy = bytes.slice(); // aligned, and no longer shared
  const doubles = new Float64Array(copy.buffer, 0, Math.floor(copy.length / BYTES));
  const floats = new Float32Array(copy.buffer, 0, 2 * doubles.length);
  let at = 0;

  function take(count: number): number {
    if (!(count >= 0 && at + count <= doubles.length)) {
      throw new RangeError(
        `expected ${count} numbers more in a saved state, found ${doubles.length - at}`,
      );
    }
    const from = at;
    at += count;
    return from;
  }

  const number = (): number => doubles[take(1)];

  return {
    number,
    float32s() {
      const length = number();
      const from = 2 * take(Math.ceil(length / 2));
      return floats.slice(from, from + length);
    },
    float64s() {
      const length = number();
      const from = take(length);
      return doubles.slice(from, from + length);
    },
  };
}
