import type { LogMelFrame } from '../../../src/mel/mel.ts';
import { createMelBank } from '../../../src/mel/melBank.ts';
import { FFT_SIZE, SPECTRUM_BINS, transform } from '../../../src/mel/pffft.ts';
import { MEL_BINS, WINDOW_SAMPLES } from '../../../src/core/time.ts';

/** Share of the sample before that pre-emphasis takes away (Kaldi's default). */
const PREEMPHASIS = 0.97;
/** The least power of a band: the smallest step of single precision at 1 (Kaldi, `std::numeric_limits<float>::epsilon()`). */
const POWER_FLOOR = 1.1920929e-7;

/** Kaldi's `povey` window: a symmetric Hann window to the power of 0.85. */
function poveyWindow(length: number): Float64Array {
  return Float64Array.from(
    { length },
    (_, i) => (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (length - 1))) ** 0.85,
  );
}

/** Tables for all streams: making them for each would cost a new stream 3 ms. Never written. */
const TAPER = poveyWindow(WINDOW_SAMPLES);
const BANK = createMelBank(MEL_BINS);

/** A frame of log-mel as it was computed before its loops were tightened: the same bits. */
export function createPlainLogMelFrame(): LogMelFrame {
  const taper = TAPER;
  const bank = BANK;
  const tapered = new Float64Array(WINDOW_SAMPLES);
  const power = new Float64Array(SPECTRUM_BINS);
  const spectrum = new Float32Array(FFT_SIZE);

  return function logMelFrame(window, out, at) {
    let sum = 0;
    for (let i = 0; i < WINDOW_SAMPLES; i++) sum += window[i];
    const mean = sum / WINDOW_SAMPLES;
    let before = window[0] - mean;
    for (let i = 0; i < WINDOW_SAMPLES; i++) {
      const value = window[i] - mean;
      tapered[i] = (value - PREEMPHASIS * before) * taper[i];
      before = value;
    }
    transform(Float32Array.from(tapered), spectrum);
    for (let k = 1; k < FFT_SIZE / 2; k++)
      power[k] = spectrum[2 * k] ** 2 + spectrum[2 * k + 1] ** 2;
    for (let m = 0; m < MEL_BINS; m++) {
      let energy = 0;
      let k = bank.first[m];
      for (let w = bank.offset[m]; w < bank.offset[m + 1]; w++)
        energy += power[k++] * bank.weights[w];
      out[at + m] = Math.log(Math.max(energy, POWER_FLOOR));
    }
  };
}
