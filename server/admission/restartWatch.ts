/** Says whether inference workers die too often for the server to take new sessions. */
export interface RestartWatch {
  /** Looks at the count of restarts so far; true when there were too many lately. */
  isUnstable(restarts: number, now: number): boolean;
}

/** So many deaths within this time make a server not ready. */
const MAX_RESTARTS = 3;
const WINDOW_MS = 60_000;

/** Makes a watch that counts from its first look. */
export function createRestartWatch(): RestartWatch {
  let seen: number | undefined;
  let deaths: number[] = [];
  return {
    isUnstable(restarts, now) {
      for (let count = seen ?? restarts; count < restarts; count++) deaths.push(now);
      seen = restarts;
      deaths = deaths.filter((at) => now - at < WINDOW_MS);
      return deaths.length >= MAX_RESTARTS;
    },
  };
}
