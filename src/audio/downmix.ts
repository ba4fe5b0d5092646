/** Turns interleaved channels into one, across chunk edges. */
export interface Downmix {
  /** Takes interleaved values of any number and returns one value of each moment that is complete, `[N]`. */
  push(interleaved: Float32Array): Float32Array;
  /** Values of the last, incomplete moment. */
  readonly pending: number;
}

/**
 * Creates a downmix of `channels` ≥ 1 channels to their mean, or to one of them; of one channel it returns the very array
 * it is given.
 *
 * @param channel the one to take, 1 to `channels`; the mean of all by default
 */
export function createDownmix(channels: number, channel?: number): Downmix {
  let sum = 0;
  let pending = 0;
  return {
    push(interleaved) {
      if (channels === 1) return interleaved;
      const mono = new Float32Array(Math.floor((pending + interleaved.length) / channels));
      let at = 0;
      for (const value of interleaved) {
        pending++;
        if (channel === undefined) sum += value;
        else if (pending === channel) sum = value;
        if (pending < channels) continue;
        mono[at++] = channel === undefined ? sum / channels : sum;
        sum = 0;
        pending = 0;
      }
      return mono;
    },
    get pending() {
      return pending;
    },
  };
}
