/** Lets a few lines of a kind through, then counts. */
export interface LogLimiter {
  /**
   * Calls `write` unless this kind was written too often of late; the number says how many lines of the kind were left out
   * since the last one.
   */
  write(kind: string, write: (omitted: number) => void): void;
}

/** Options of `createLogLimiter()`. */
export interface LogLimiterOptions {
  /** Lines of a kind within `perMs`; default 10. */
  readonly lines?: number;
  /** Default 10,000. */
  readonly perMs?: number;
  readonly now: () => number;
}

/** Makes a limiter; kinds are few and known (codes, reasons), never what a peer sends. */
export function createLogLimiter(options: LogLimiterOptions): LogLimiter {
  const { lines = 10, perMs = 10_000, now } = options;
  const kinds = new Map<string, { since: number; written: number; omitted: number }>();
  return {
    write(kind, write) {
      const at = now();
      let state = kinds.get(kind);
      if (state === undefined) kinds.set(kind, (state = { since: at, written: 0, omitted: 0 }));
      if (at - state.since >= perMs) {
        state.since = at;
        state.written = 0;
      }
      if (state.written >= lines) {
        state.omitted++;
        return;
      }
      const { omitted } = state;
      state.written++;
      state.omitted = 0;
      write(omitted);
    },
  };
}
