/** Counts durations in bins that grow by a tenth, from 0.1 ms to 10 minutes: a few hundred bytes a session. */
export interface LagHistogram {
  /** Adds a duration in milliseconds. */
  add(ms: number): void;
  /** The upper edge of the bin in which the quantile lies, in ms; 0 when there is nothing. */
  quantile(q: number): number;
}

const FIRST_MS = 0.1;
const GROWTH = 1.1;
const BINS = 165;

/** Makes an empty histogram; a quantile is at most 10 % too high. */
export function createLagHistogram(): LagHistogram {
  const counts = new Uint32Array(BINS);
  let total = 0;
  return {
    add(ms) {
      const bin = ms <= FIRST_MS ? 0 : Math.ceil(Math.log(ms / FIRST_MS) / Math.log(GROWTH));
      counts[Math.min(BINS - 1, bin)]++;
      total++;
    },
    quantile(q) {
      if (total === 0) return 0;
      let seen = 0;
      const bin = counts.findIndex((count) => (seen += count) >= q * total);
      return FIRST_MS * GROWTH ** bin;
    },
  };
}
