/** What a session may send: bounded by what waits unprocessed and by its pace. Samples are at the declared rate. */
export interface Allowance {
  /** The sample up to which the client may send; it never goes back. */
  limit(processed: number, now: number): number;
}

/** Options of `createAllowance()`. */
export interface AllowanceOptions {
  /** Samples a second. */
  readonly rate: number;
  /** Audio that may wait, also the reserve with which a session starts. */
  readonly aheadMs: number;
  /** Times real time. */
  readonly pace: number;
  /** Monotone milliseconds. */
  readonly start: number;
  /** The sample that comes first; default 0. */
  readonly from?: number;
}

/** Makes an allowance that starts with `aheadMs` and grows with what is processed, at most at the pace. */
export function createAllowance({
  rate,
  aheadMs,
  pace,
  start,
  from = 0,
}: AllowanceOptions): Allowance {
  const ahead = Math.floor((aheadMs * rate) / 1000);
  let granted = 0;
  return {
    limit(processed, now) {
      const byPace = from + ahead + Math.floor((Math.max(0, now - start) * pace * rate) / 1000);
      granted = Math.max(granted, Math.min(ahead + processed, byPace));
      return granted;
    },
  };
}
