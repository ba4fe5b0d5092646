import type { StateBuffer } from '../../core/savedState.ts';

/** What of a stream outlives the thread that it runs in. */
export interface StreamMemory {
  /** Keys and values (`kvRing.ts`). */
  readonly ring: ArrayBufferLike;
  /** Two places for the state of its machines; the older one is written, so that one of them is always whole. */
  readonly states: readonly [SharedArrayBuffer, SharedArrayBuffer];
}

/** Where a stream stood when its state was saved. */
export interface Checkpoint {
  /** Tokens that its encoder had committed: the audio from there on has to come again. */
  readonly token: number;
  /** Controls that had been obeyed. */
  readonly controls: number;
  /** Events that had gone out. */
  readonly events: number;
}

const HEAD_BYTES = 16; // number of the save (float64), bytes of it (float64)
const FIRST_BYTES = 1 << 18;
/** The longest undecided stretch, 30 s, with its sums: 1.7 MB of `small`. */
const MAX_BYTES = 1 << 23;

/** Makes the memory of one stream around its ring. */
export function createStreamMemory(ring: ArrayBufferLike): StreamMemory {
  const state = () => new SharedArrayBuffer(FIRST_BYTES, { maxByteLength: MAX_BYTES });
  return { ring, states: [state(), state()] };
}

/** Makes the memory that of a stream that has not begun; nothing of the one before is left. */
export function renewMemory({ ring, states }: StreamMemory): void {
  new Uint8Array(ring).fill(0);
  for (const state of states) headOf(state).fill(0);
}

/** Where a stream stood when its newest whole state was saved. */
export function readCheckpoint(memory: StreamMemory): Checkpoint {
  const state = readState(memory);
  if (!state) return { token: 0, controls: 0, events: 0 };
  const [token, controls, events] = new Float64Array(state.slice(0, 24).buffer);
  return { token, controls, events };
}

/** The newest whole state, or undefined where none was saved. */
export function readState({ states }: StreamMemory): Uint8Array | undefined {
  const newest = states.reduce((a, b) => (numberOf(b) > numberOf(a) ? b : a));
  if (numberOf(newest) === 0) return undefined;
  return new Uint8Array(newest, HEAD_BYTES, headOf(newest)[1]);
}

/**
 * Writes a state over the older of the two. Its number goes last, so that a thread that dies here leaves the other one the
 * newest.
 *
 * Throws a `RangeError` for a state over 8 MiB.
 */
export function writeState({ states }: StreamMemory, state: Pick<StateBuffer, 'bytes'>): void {
  const bytes = state.bytes();
  const older = states.reduce((a, b) => (numberOf(b) < numberOf(a) ? b : a));
  const number = 1 + Math.max(...states.map(numberOf));
  const needed = HEAD_BYTES + bytes.length;
  if (needed > older.byteLength)
    older.grow(Math.min(MAX_BYTES, Math.max(needed, 2 * older.byteLength)));
  const head = headOf(older);
  head[0] = 0;
  new Uint8Array(older, HEAD_BYTES, bytes.length).set(bytes);
  head[1] = bytes.length;
  head[0] = number;
}

function headOf(state: SharedArrayBuffer): Float64Array {
  return new Float64Array(state, 0, 2);
}

function numberOf(state: SharedArrayBuffer): number {
  return headOf(state)[0];
}
