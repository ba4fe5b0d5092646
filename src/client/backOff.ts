/** How long to wait before the next attempt to connect. */
export interface BackOff {
  /** Attempts since the last success. */
  readonly attempt: number;
  /** Milliseconds to wait, at least what the server asked for; undefined: give up. */
  next(now: number, retryAfterMs?: number): number | undefined;
  /** A connection is ready: begin anew. */
  succeed(): void;
}

/** Options of `createBackOff()`. */
export interface BackOffOptions {
  readonly firstMs: number;
  /** Time without success after which it gives up. */
  readonly giveUpMs: number;
  /** From 0 to 1; default `Math.random`. */
  readonly random?: () => number;
}

const LONGEST_MS = 5000;

/** Doubles from `firstMs` to 5 s, minus up to half at random, so that clients do not come back in step. */
export function createBackOff(options: BackOffOptions): BackOff {
  const { firstMs, giveUpMs, random = Math.random } = options;
  let attempt = 0;
  let failingSince: number | undefined;
  return {
    get attempt() {
      return attempt;
    },
    next(now, retryAfterMs = 0) {
      failingSince ??= now;
      const longest = Math.min(LONGEST_MS, firstMs * 2 ** Math.min(attempt, 20));
      const delay = Math.max(retryAfterMs, longest * (1 - random() / 2));
      attempt++;
      return now + delay - failingSince > giveUpMs ? undefined : delay;
    },
    succeed() {
      attempt = 0;
      failingSince = undefined;
    },
  };
}
