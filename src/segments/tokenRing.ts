import { MAX_SAVED_TOKEN, type Saved } from '../core/savedState.ts';
import { MAX_UNDECIDED_TOKENS } from './deadline.ts';

/**
 * What the segmenter remembers of each token that it may still need: a ring over absolute token numbers that grows by
 * doubling when the undecided stretch does, and never shrinks. Who uses it bounds that stretch.
 */
export interface TokenRing extends Saved {
  /** First token that is kept. */
  readonly first: number;
  /** One past the last token that is kept. */
  readonly end: number;
  /** Tokens that fit before the next doubling. */
  readonly capacity: number;
  /** Appends token `end`; `features` is copied from `offset`, `[D]`. */
  push(row: TokenRow, features: Float32Array, offset: number): void;
  /** Forgets all tokens before `token`. */
  dropBefore(token: number): void;
  /** Forgets `token` and all after it. */
  dropFrom(token: number): void;
  /** Forgets everything; the next token pushed is `token`. */
  restart(token: number): void;
  /** Gives a kept token its features, `[D]` from `offset`: after a thin state was restored. */
  fill(token: number, features: Float32Array, offset: number): void;
  /** The numbers of a kept token. */
  row(token: number): TokenRow;
  /** Changes the weights of a kept token. */
  setWeights(token: number, weights: Pick<TokenRow, 'w' | 'lambda' | 'even'>): void;
  /** Where a kept token's features begin in `features`. */
  offset(token: number): number;
  /** All rows, `[capacity, D]`; replaced when the ring grows. */
  readonly features: Float32Array;
}

/** The numbers of one token. */
export interface TokenRow {
  /** Clamped logit of a boundary before the token; 0 without a head. */
  readonly logit: number;
  /** Above 0 for speech; NaN where nothing tells. */
  readonly speech: number;
  /** Weight of the cost of a segment that starts with the token. */
  readonly w: number;
  /** Price of a segment that ends before the token. */
  readonly lambda: number;
  /** Weight of the squared length, in tokens, of a segment that starts with the token. */
  readonly even: number;
}

const FIRST_CAPACITY = 128;
const COLUMNS = 5; // logit, speech, w, lambda, even
/** No stream keeps more: what may be undecided, and a longest segment or two. */
const MAX_TOKENS = MAX_UNDECIDED_TOKENS + 548;

/** Makes an empty ring of rows of `width` features that begins at token 0. */
export function createTokenRing(width: number): TokenRing {
  let capacity = FIRST_CAPACITY; // a power of two, so that a mask finds the place
  let features = new Float32Array(capacity * width);
  let numbers = new Float64Array(capacity * COLUMNS);
  let first = 0;
  let end = 0;

  const grow = (): void => {
    const wider = new Float32Array(2 * capacity * width);
    const more = new Float64Array(2 * capacity * COLUMNS);
    for (let token = first; token < end; token++) {
      const from = token % capacity;
      const to = token % (2 * capacity);
      wider.set(features.subarray(from * width, (from + 1) * width), to * width);
      more.set(numbers.subarray(from * COLUMNS, (from + 1) * COLUMNS), to * COLUMNS);
    }
    capacity *= 2;
    features = wider;
    numbers = more;
  };

  return {
    get first() {
      return first;
    },
    get end() {
      return end;
    },
    get capacity() {
      return capacity;
    },
    get features() {
      return features;
    },
    push(row, source, offset) {
      if (end - first === capacity) grow();
      const place = end % capacity;
      features.set(source.subarray(offset, offset + width), place * width);
      const at = place * COLUMNS;
      numbers[at] = row.logit;
      numbers[at + 1] = row.speech;
      numbers[at + 2] = row.w;
      numbers[at + 3] = row.lambda;
      numbers[at + 4] = row.even;
      end += 1;
    },
    dropBefore(token) {
      first = Math.min(Math.max(first, token), end);
    },
    dropFrom(token) {
      end = Math.max(first, Math.min(end, token));
    },
    restart(token) {
      first = token;
      end = token;
    },
    fill(token, source, offset) {
      features.set(source.subarray(offset, offset + width), (token % capacity) * width);
    },
    row(token) {
      const at = (token % capacity) * COLUMNS;
      return {
        logit: numbers[at],
        speech: numbers[at + 1],
        w: numbers[at + 2],
        lambda: numbers[at + 3],
        even: numbers[at + 4],
      };
    },
    setWeights(token, { w, lambda, even }) {
      numbers.set([w, lambda, even], (token % capacity) * COLUMNS + 2);
    },
    offset(token) {
      return (token % capacity) * width;
    },
    save(to) {
      to.numbers(first, end);
      const rows = new Float32Array(to.isThin ? 0 : (end - first) * width);
      const columns = new Float64Array((end - first) * COLUMNS);
      for (let token = first; token < end; token++) {
        const at = token % capacity;
        const row = token - first;
        if (!to.isThin) rows.set(features.subarray(at * width, (at + 1) * width), row * width);
        columns.set(numbers.subarray(at * COLUMNS, (at + 1) * COLUMNS), row * COLUMNS);
      }
      if (!to.isThin) to.float32s(rows);
      to.float64s(columns);
    },
    restore(from) {
      first = from.integer(0, MAX_SAVED_TOKEN);
      const last = from.integer(first, first + MAX_TOKENS);
      const rows = from.isThin ? undefined : from.float32s((last - first) * width);
      const columns = from.float64s((last - first) * COLUMNS);
      end = first;
      while (capacity < last - first) grow();
      for (; end < last; end++) {
        const at = end % capacity;
        const row = end - first;
        if (rows) features.set(rows.subarray(row * width, (row + 1) * width), at * width);
        const own = columns.subarray(row * COLUMNS, (row + 1) * COLUMNS);
        checkRow(own);
        numbers.set(own, at * COLUMNS);
      }
    },
  };
}

/** Refuses a row that no stream has: only `speech` may be no number. */
function checkRow([logit, speech, w, lambda, even]: Float64Array): void {
  const isSpeech = Number.isFinite(speech) || Number.isNaN(speech);
  if (isSpeech && [logit, lambda].every(Number.isFinite) && isWeight(w) && w > 0 && isWeight(even))
    return;
  throw new RangeError('expected the numbers of a token in a saved state, got others');
}

function isWeight(value: number): boolean {
  return value >= 0 && value < Infinity;
}
