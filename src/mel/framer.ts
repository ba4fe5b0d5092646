import { checkNumber, whole } from '../core/check.ts';
import { HOP_SAMPLES, WINDOW_SAMPLES } from '../core/time.ts';

/** Cuts a stream of samples into overlapping windows, whatever the chunks they come in. */
export interface Framer {
  /**
   * Takes samples `[N]`, N ≥ 0, and calls `each` for every window that they complete, in order. The window is the
   * framer's own buffer: it holds only during the call and must not be written.
   */
  push(samples: Float32Array, each: (window: Float32Array) => void): void;
}

/**
 * Creates a framer: window f covers the samples [hop·f, hop·f + window). A window that never fills is never given.
 * Keeps at most one window of samples.
 *
 * @param windowSamples samples of a window, a whole number ≥ 1; 400 by default
 * @param hopSamples samples from one window to the next, 1 to `windowSamples`; 160 by default
 * @throws RangeError when a size is out of range
 */
export function createFramer(
  windowSamples: number = WINDOW_SAMPLES,
  hopSamples: number = HOP_SAMPLES,
): Framer {
  checkNumber('windowSamples', windowSamples, whole(1));
  checkNumber('hopSamples', hopSamples, whole(1, windowSamples));
  const window = new Float32Array(windowSamples);
  let filled = 0;

  return {
    push(samples, each) {
      for (let at = 0; at < samples.length;) {
        const taken = Math.min(windowSamples - filled, samples.length - at);
        window.set(samples.subarray(at, at + taken), filled);
        at += taken;
        filled += taken;
        if (filled < windowSamples) return;
        each(window);
        window.copyWithin(0, hopSamples);
        filled -= hopSamples;
      }
    },
  };
}
