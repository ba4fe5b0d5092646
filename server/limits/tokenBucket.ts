/** Lets a number of things through a second, with a reserve for bursts. */
export interface TokenBucket {
  /** Takes one; false when there is none. */
  take(now: number): boolean;
  /** Takes what was used already; where there is not so much, the next ones are owed. */
  spend(now: number, count?: number): void;
  /** Milliseconds until there is one again. */
  waitMs(now: number): number;
  /** How many there are. */
  left(now: number): number;
  /** Whether the reserve is whole, so that nothing is lost by forgetting the bucket. */
  isFull(now: number): boolean;
}

/** Makes a bucket of `burst`, refilled at `perSecond`, with `left` of them in it; times are monotone milliseconds. */
export function createTokenBucket(
  perSecond: number,
  burst: number,
  start: number,
  left: number = burst,
): TokenBucket {
  let tokens = left;
  let last = start;
  function refill(now: number): void {
    tokens = Math.min(burst, tokens + (Math.max(0, now - last) * perSecond) / 1000);
    last = now;
  }
  return {
    take(now) {
      refill(now);
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    spend(now, count = 1) {
      refill(now);
      tokens -= count;
    },
    waitMs(now) {
      refill(now);
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 1000) / perSecond);
    },
    left(now) {
      refill(now);
      return tokens;
    },
    isFull(now) {
      refill(now);
      return tokens >= burst;
    },
  };
}
