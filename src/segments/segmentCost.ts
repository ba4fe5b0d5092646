import type { StateReader, StateWriter } from '../core/savedState.ts';
import type { TokenRing } from './tokenRing.ts';

/**
 * The cost of a segment [a, b) of features x (SyllableLM's least-squares cut, arXiv 2410.04029):
 * C(a, b) = (1/D)·(Σ‖x_t‖² − ‖Σ x_t‖²/(b − a)), from prefix sums in float64.
 *
 * The formula cancels badly once the sums are large beside the differences. Two things keep them small: an origin is
 * subtracted from every feature (C does not change), and at fixed token numbers the sums begin again with a new origin.
 * Nothing depends on how the tokens came in blocks.
 */
export interface SegmentCost {
  /** Forgets all; the next token is `token`. */
  restart(token: number): void;
  /** Adds the next token, which the ring must hold. */
  add(): void;
  /** C of [start, next token); start lies at most `maxTokens` back and not before the restart. */
  untilNow(start: number): number;
  /** Writes what is needed for segments that start at `start` or later. */
  save(to: StateWriter, start: number): void;
  /** Takes what was written for segments from `start` on, the next token being `next`; the ring is restored already. */
  restore(from: StateReader, start: number, next: number): void;
  /** The ring has its features again, from the first start on: adds what a thin state left out. */
  refilled(): void;
}

/** Tokens between two moves of the origin; a move adds the last `maxTokens` tokens again. */
const MOVE_EVERY_TOKENS = 64;

/** Makes the sums over the tokens of `ring`, `width` features each, for segments of up to `maxTokens`. */
export function createSegmentCost(ring: TokenRing, width: number, maxTokens: number): SegmentCost {
  const slots = maxTokens + 1;
  const sums = new Float64Array(slots * width); // Σ (x − origin) over the tokens before this one
  const squares = new Float64Array(slots); // Σ ‖x − origin‖² over the tokens before this one
  const origin = new Float64Array(width);
  let first = 0;
  let next = 0;
  /** The node up to which a thin state knew the sums. */
  let known: number | undefined;

  const restart = (token: number): void => {
    first = token;
    next = token;
    const slot = token % slots;
    sums.fill(0, slot * width, (slot + 1) * width);
    squares[slot] = 0;
  };

  const addToken = (): void => {
    const row = ring.offset(next);
    if (next === first) for (let d = 0; d < width; d++) origin[d] = ring.features[row + d];
    addRow();
  };

  const addRow = (): void => {
    const { features } = ring;
    const row = ring.offset(next);
    const from = (next % slots) * width;
    const to = ((next + 1) % slots) * width;
    let square = 0;
    for (let d = 0; d < width; d++) {
      const x = features[row + d] - origin[d];
      square += x * x;
      sums[to + d] = sums[from + d] + x;
    }
    squares[(next + 1) % slots] = squares[next % slots] + square;
    next += 1;
  };

  return {
    restart,
    add() {
      if (next % MOVE_EVERY_TOKENS === 0) {
        const end = next;
        restart(Math.max(first, ring.first, end - maxTokens));
        while (next < end) addToken();
      }
      addToken();
    },
    untilNow(start) {
      const a = (start % slots) * width;
      const b = (next % slots) * width;
      const norm = normOfDifference(sums, a, b, width);
      const spread = squares[next % slots] - squares[start % slots] - norm / (next - start);
      return Math.max(0, spread) / width;
    },
    save(to, start) {
      const oldest = Math.max(first, Math.min(start, next));
      to.numbers(first, next, oldest);
      to.float64s(origin);
      for (let node = oldest; node <= (to.isThin ? oldest : next); node++) {
        const slot = node % slots;
        to.numbers(squares[slot]);
        to.float64s(sums.subarray(slot * width, (slot + 1) * width));
      }
    },
    restore(from, start, end) {
      first = from.integer(0, end);
      next = from.integer(end, end);
      const oldest = from.integer(Math.max(first, start), Math.max(first, start));
      origin.set(finite(from.float64s(width)));
      known = from.isThin ? oldest : undefined;
      for (let node = oldest; node <= (known ?? next); node++) {
        const slot = node % slots;
        squares[slot] = from.finite();
        sums.set(finite(from.float64s(width)), slot * width);
      }
    },
    refilled() {
      if (known === undefined) return;
      const end = next;
      for (next = known; next < end;) addRow();
      known = undefined;
    },
  };
}

function finite(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  if (values.every(Number.isFinite)) return values;
  throw new RangeError('expected finite sums in a saved state, got others');
}

/** ‖x[b …] − x[a …]‖² over `width` entries. Four sums side by side: each addition need not wait for the one before. */
function normOfDifference(x: Float64Array, a: number, b: number, width: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let d = 0;
  for (; d + 3 < width; d += 4) {
    const d0 = x[b + d] - x[a + d];
    const d1 = x[b + d + 1] - x[a + d + 1];
    const d2 = x[b + d + 2] - x[a + d + 2];
    const d3 = x[b + d + 3] - x[a + d + 3];
    s0 += d0 * d0;
    s1 += d1 * d1;
    s2 += d2 * d2;
    s3 += d3 * d3;
  }
  for (; d < width; d++) s0 += (x[b + d] - x[a + d]) ** 2;
  return s0 + s1 + (s2 + s3);
}
