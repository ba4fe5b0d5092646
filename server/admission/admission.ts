/** A place that a session holds while it is live. */
export interface Lease {
  /** Gives it back; a second call does nothing. */
  release(): void;
}

/** What there is not enough of: places for live streams, or memory. */
export type Shortage = 'capacity' | 'memory';

/** Decides whether another live session fits. */
export interface Admission {
  /** Streams that fit at once, now. */
  readonly capacity: number;
  /** Streams that are in, by weight. */
  readonly used: number;
  /** What keeps the next live stream out, if anything does. */
  readonly shortage: Shortage | undefined;
  /**
   * Takes a place of a weight (1: a live stream), or says what is short.
   *
   * @param isNew whether the session needs memory, too; one that comes back has its own
   */
  take(weight: number, isNew: boolean): Lease | Shortage;
}

/** Options of `createAdmission()`. */
export interface AdmissionOptions {
  /** Live streams that fit, now. */
  readonly capacity: () => number;
  /** Whether there is memory for one more session. */
  readonly hasMemory: () => boolean;
}

/** Makes an empty house. A heavier session than the whole capacity is let in when it is alone. */
export function createAdmission({ capacity, hasMemory }: AdmissionOptions): Admission {
  let used = 0;

  function shortageFor(weight: number, isNew: boolean): Shortage | undefined {
    const fits = used + weight <= capacity() || (used === 0 && capacity() >= 1);
    if (!fits) return 'capacity';
    return isNew && !hasMemory() ? 'memory' : undefined;
  }

  return {
    get capacity() {
      return capacity();
    },
    get used() {
      return used;
    },
    get shortage() {
      return shortageFor(1, true);
    },
    take(weight, isNew) {
      const shortage = shortageFor(weight, isNew);
      if (shortage !== undefined) return shortage;
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
