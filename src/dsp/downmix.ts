/** Turns interleaved channels into one, across chunk edges. */
export interface Downmix {
  /** Takes interleaved values of any number and returns the mean of each moment that is complete, `[N]`. */
  push(interleaved: Float32Array): Float32Array;
  /** Values of the last, incomplete moment. */
  readonly pending: number;
}

/** Creates a downmix of `channels` ≥ 1 channels to their mean; of one channel it returns the very array it is given. */
export function createDownmix(channels: number): Downmix {
  let sum = 0;
  let pending = 0;
  return {
    push(interleaved) {
      if (channels === 1) return interleaved;
      const mono = new Float32Array(Math.floor((pending + interleaved.length) / channels));
      let at = 0;
      for (const value of interleaved) {
        sum += value;
        if (++pending < channels) continue;
        mono[at++] = sum / channels;
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
