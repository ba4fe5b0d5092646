/** How many of something there may be at once. */
export interface Quota {
  readonly used: number;
  /** Takes so many; false, and none, when there is no room for them. */
  take(count: number): boolean;
  giveBack(count: number): void;
}

/** Makes a quota of which nothing is used. */
export function createQuota(limit: number): Quota {
  let used = 0;
  return {
    get used() {
      return used;
    },
    take(count) {
      if (used + count > limit) return false;
      used += count;
      return true;
    },
    giveBack(count) {
      used -= count;
    },
  };
}
