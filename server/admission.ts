/** A place that a session holds while it is live. */
export interface Lease {
  /** Gives it back; a second call does nothing. */
  release(): void;
}

/** Decides whether another live session fits. */
export interface Admission {
  /** Streams that fit at once. */
  readonly capacity: number;
  /** Streams that are in, by weight. */
  readonly used: number;
  /** Takes a place of a weight (1: a live stream), or says no. */
  take(weight: number): Lease | undefined;
}

/** Options of `createAdmission()`. */
export interface AdmissionOptions {
  readonly capacity: number;
  /** Resident bytes above which nothing more is let in. */
  readonly memoryBytes: number;
  /** Resident bytes now. */
  readonly rss: () => number;
}

/** Makes an empty house. A heavier session than the whole capacity is let in when it is alone. */
export function createAdmission({ capacity, memoryBytes, rss }: AdmissionOptions): Admission {
  let used = 0;
  return {
    capacity,
    get used() {
      return used;
    },
    take(weight) {
      const fits = used + weight <= capacity || (used === 0 && capacity >= 1);
      if (!fits || rss() > memoryBytes) return undefined;
      used += weight;
      let held = true;
      return {
        release() {
          if (held) used -= weight;
          held = false;
        },
      };
    },
  };
}
