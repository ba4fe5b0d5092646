import { HOP_SAMPLES, SAMPLE_RATE } from '../core/time.ts';

/** One pulse of the voice. */
export interface Pulse {
  /** Samples after the first one of its block, with a fraction. */
  readonly offset: number;
  /** The root of the period in samples: pulses so high have power 1, as the noise has. */
  readonly height: number;
}

/** Says when the voice pulses, block by block of 160 samples. */
export interface PulseClock {
  /** Part of a period that has gone by, 0 to 1: all that it knows. */
  phase: number;
  /** Pulses of the next block, over which the pitch goes from one frequency to another in a straight line; both in Hz, above 0. */
  next(fromHz: number, toHz: number): Pulse[];
}

/** Makes a clock; it runs on through what is unvoiced, so that its state is one number. */
export function createPulseClock(): PulseClock {
  let phase = 0;
  return {
    get phase() {
      return phase;
    },
    set phase(value) {
      phase = value;
    },
    next(fromHz, toHz) {
      const pulses: Pulse[] = [];
      for (let s = 0; s < HOP_SAMPLES; s++) {
        const step = (fromHz + ((toHz - fromHz) * (s + 0.5)) / HOP_SAMPLES) / SAMPLE_RATE;
        phase += step;
        if (phase < 1) continue;
        phase -= 1;
        pulses.push({ offset: s + 1 - phase / step, height: 1 / Math.sqrt(step) });
      }
      return pulses;
    },
  };
}
