import { MEL_BINS, SAMPLE_RATE } from '../core/time.ts';
import { FFT_SIZE, SPECTRUM_BINS } from './pffft.ts';

/** The triangular filters of a mel bank without their zeros. */
export interface MelBank {
  /** `[M]`: the first spectrum bin of each filter. */
  readonly first: Int32Array;
  /** `[M + 1]`: where each filter's weights begin in `weights`; the last entry is their number. */
  readonly offset: Int32Array;
  /** The weights of all filters, one after the other. */
  readonly weights: Float64Array;
}

/** Lowest and highest edge of the bank in Hz (Kaldi's default and half the sample rate). */
const LOW_HZ = 20;
const HIGH_HZ = SAMPLE_RATE / 2;

/** Hz on the mel scale, as Kaldi and HTK define it: 1127·ln(1 + f/700). */
export function hzToMel(hz: number): number {
  return 1127 * Math.log(1 + hz / 700);
}

/**
 * Builds the bank of `bins` triangles, equally wide on the mel scale between 20 Hz and 8 kHz and not normalised
 * (Kaldi `MelBanks`). A filter narrower than the spectrum's step can be empty: of 128, number 3 is, and its band
 * stays at the floor. The spectrum's last bin, 8 kHz, belongs to no filter.
 */
export function createMelBank(bins: number = MEL_BINS): MelBank {
  const low = hzToMel(LOW_HZ);
  const step = (hzToMel(HIGH_HZ) - low) / (bins + 1);
  const first = new Int32Array(bins);
  const offset = new Int32Array(bins + 1);
  const weights: number[] = [];
  for (let m = 0; m < bins; m++) {
    const left = low + m * step;
    for (let k = 0; k < SPECTRUM_BINS - 1; k++) {
      const mel = hzToMel((k * SAMPLE_RATE) / FFT_SIZE);
      const weight = Math.min((mel - left) / step, (left + 2 * step - mel) / step);
      if (weight <= 0) continue;
      if (weights.length === offset[m]) first[m] = k;
      weights.push(weight);
    }
    offset[m + 1] = weights.length;
  }
  return { first, offset, weights: Float64Array.from(weights) };
}
