/**
 * The state of a machine as plain bytes: written by `save()`, read back in the same order by `restore()`. A machine that is
 * restored goes on bit for bit like the one that was saved.
 */
export interface StateWriter {
  /** Whether that is left out which the audio gives again (`replayToken.ts`): features, and sums over them. */
  readonly isThin: boolean;
  /** Numbers, each 8 bytes. */
  numbers(...values: readonly number[]): void;
  /** An array with its length. */
  float32s(values: Float32Array): void;
  /** An array with its length. */
  float64s(values: Float64Array): void;
}

/** Reads what a `StateWriter` wrote. Whatever is not as a writer would have written it is a `RangeError`. */
export interface StateReader {
  /** Whether a thin state is read. */
  readonly isThin: boolean;
  /** The next number, whatever it is. */
  number(): number;
  /** The next number, which is finite. */
  finite(): number;
  /** The next number, a whole one from `min` to `max`. */
  integer(min: number, max: number): number;
  /** The next number as yes (1) or no (0). */
  flag(): boolean;
  /** The next array, of finite numbers; memory of its own. `length`: how many there have to be. */
  float32s(length?: number): Float32Array<ArrayBuffer>;
  /** The next array; memory of its own. `length`: how many there have to be. */
  float64s(length?: number): Float64Array<ArrayBuffer>;
  /** Throws a `RangeError` unless everything was read. */
  end(): void;
}

/** A machine whose state can be carried elsewhere. */
export interface Saved {
  save(to: StateWriter): void;
  /** Takes the state of a machine that was made with the same options; to be called before anything else. */
  restore(from: StateReader): void;
}

/** No stream has a later token than this, nor more of anything: 20,000 years of 20 ms. */
export const MAX_SAVED_TOKEN: number = 2 ** 45;

const BYTES = 8;
const FIRST_BYTES = 1 << 16;

/** A writer that can be used again and again without new memory. */
export interface StateBuffer extends StateWriter {
  /** Forgets what was written. */
  clear(): void;
  /** What was written since; valid until the next call. */
  bytes(): Uint8Array;
}

/** Makes a writer over memory that grows by doubling. Everything lies on multiples of 8 bytes. */
export function createStateBuffer({
  isThin = false,
}: { readonly isThin?: boolean } = {}): StateBuffer {
  let buffer = new ArrayBuffer(FIRST_BYTES);
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
    isThin,
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

/** Makes a reader of bytes that a `StateWriter` wrote. */
export function createStateReader(
  bytes: Uint8Array,
  { isThin = false }: { readonly isThin?: boolean } = {},
): StateReader {
  const copy = new Uint8Array(bytes); // aligned, and no longer shared; a Buffer's slice would be
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

  function integer(min: number, max: number): number {
    const value = number();
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new RangeError(
      `expected a whole number from ${min} to ${max} in a saved state, got ${value}`,
    );
  }

  return {
    isThin,
    number,
    finite() {
      const value = number();
      if (Number.isFinite(value)) return value;
      throw new RangeError(`expected a finite number in a saved state, got ${value}`);
    },
    integer,
    flag: () => integer(0, 1) === 1,
    float32s(length) {
      const count = integer(length ?? 0, length ?? floats.length);
      const from = 2 * take(Math.ceil(count / 2));
      const values = floats.slice(from, from + count);
      if (values.every(Number.isFinite)) return values;
      throw new RangeError('expected finite numbers in an array of a saved state');
    },
    float64s(length) {
      const count = integer(length ?? 0, length ?? doubles.length);
      const from = take(count);
      return doubles.slice(from, from + count);
    },
    end() {
      if (at !== doubles.length || bytes.length % BYTES !== 0)
        throw new RangeError(
          `expected the end of a saved state, found ${doubles.length - at} numbers more`,
        );
    },
  };
}
