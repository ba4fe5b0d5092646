import { MEL_BINS, WINDOW_SAMPLES } from '../core/time.ts';
import { createMelBank } from './melBank.ts';
import { powerSpectrum, SPECTRUM_BINS, transformInput } from './pffft.ts';

/** Share of the sample before that pre-emphasis takes away (Kaldi's default). */
const PREEMPHASIS = 0.97;
/** The least power of a band: the smallest step of single precision at 1 (Kaldi, `std::numeric_limits<float>::epsilon()`). */
const POWER_FLOOR = 1.1920929e-7;
/** What a silent band comes to: the natural logarithm of the power floor, about −15.94. */
export const LOG_MEL_FLOOR: number = Math.log(POWER_FLOOR);

/** Kaldi's `povey` window: a symmetric Hann window to the power of 0.85. */
function poveyWindow(length: number): Float64Array {
  return Float64Array.from(
    { length },
    (_, i) => (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (length - 1))) ** 0.85,
  );
}

/**
 * Computes one frame of log-mel, `[400]` samples in [-1, 1] → `[128]`, into `out` from `at` on: the mean is taken
 * away, then pre-emphasis 0.97 (the first sample is its own predecessor), povey window, 512-point power spectrum,
 * 128 mel bands from 20 Hz to 8 kHz, natural logarithm floored at 1.1920929e-7. The numbers are those of
 * `torchaudio.compliance.kaldi.fbank` without dither.
 */
export type LogMelFrame = (window: Float32Array, out: Float32Array, at: number) => void;

/** Tables for all streams: making them for each would cost a new stream 3 ms. Never written. */
const TAPER = poveyWindow(WINDOW_SAMPLES);
const BANK = createMelBank(MEL_BINS);

/** Creates the function that computes frames; it holds scratch, nothing that lasts from frame to frame. */
export function createLogMelFrame(): LogMelFrame {
  const taper = TAPER;
  const { first, offset, weights } = BANK;
  const power = new Float64Array(SPECTRUM_BINS);

  return function logMelFrame(window, out, at) {
    let sum = 0;
    for (let i = 0; i < WINDOW_SAMPLES; i++) sum += window[i];
    const mean = sum / WINDOW_SAMPLES;
    const tapered = transformInput();
    let before = window[0] - mean;
    for (let i = 0; i < WINDOW_SAMPLES; i++) {
      const value = window[i] - mean;
      tapered[i] = (value - PREEMPHASIS * before) * taper[i];
      before = value;
    }
    powerSpectrum(WINDOW_SAMPLES, power);
    for (let m = 0; m < MEL_BINS; m++) {
      let energy = 0;
      let k = first[m];
      const end = offset[m + 1];
      for (let w = offset[m]; w < end; w++) energy += power[k++] * weights[w];
      out[at + m] = Math.log(Math.max(energy, POWER_FLOOR));
    }
  };
}
