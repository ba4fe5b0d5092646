import { SAMPLE_RATE } from '../core/time.ts';
import { APERIODICITY_BANDS, ENVELOPE_BANDS } from './frame.ts';
import { POINTS, toSamples, toSpectrum } from './fourier.ts';

/** Bins of a spectrum: 0 Hz to 8 kHz in steps of 15.625 Hz. */
export const BINS: number = POINTS / 2 + 1;
/** Bands over whose mean a band stands out, where the envelope is sharpened. */
const AROUND = 2;

/** Slaney's and HTK's mel: 1127·ln(1 + f/700). */
const mel = (hz: number): number => 1127 * Math.log1p(hz / 700);

/** Where each bin lies between evenly spaced places, as the lower place and the share of the upper one. */
function placesOf(places: number, scale: (hz: number) => number) {
  const low = new Int32Array(BINS);
  const share = new Float64Array(BINS);
  for (let k = 0; k < BINS; k++) {
    const at = (scale((k * SAMPLE_RATE) / POINTS) / scale(SAMPLE_RATE / 2)) * (places - 1);
    low[k] = Math.min(places - 2, Math.floor(at));
    share[k] = at - low[k];
  }
  return { low, share };
}

const MEL_PLACES = placesOf(ENVELOPE_BANDS, mel);
const NOISE_PLACES = placesOf(APERIODICITY_BANDS, (hz) => hz);

/** Draws places `[n]` as a line over the bins. */
function drawn(
  values: ArrayLike<number>,
  { low, share }: ReturnType<typeof placesOf>,
  to: Float64Array,
): void {
  for (let k = 0; k < BINS; k++) {
    const a = values[low[k]];
    to[k] = a + (values[low[k] + 1] - a) * share[k];
  }
}

/** Aperiodicity `[5]` over the bins `[513]`. */
export function aperiodicityOver(bands: ArrayLike<number>, to: Float64Array): void {
  drawn(bands, NOISE_PLACES, to);
}

/**
 * Lets every band stand out from the mean of itself and two on either side by `amount` more: regression draws formants too flat.
 *
 * @param amount 0 (nothing) to 1
 */
export function sharpened(bands: ArrayLike<number>, amount: number): Float64Array {
  return Float64Array.from(bands, (own, k) => {
    let sum = 0;
    for (let j = k - AROUND; j <= k + AROUND; j++) {
      sum += bands[Math.min(ENVELOPE_BANDS - 1, Math.max(0, j))];
    }
    return own + amount * (own - sum / (2 * AROUND + 1));
  });
}

const scratch = new Float32Array(POINTS);
const line = new Float64Array(BINS);

/**
 * Writes the minimum-phase spectrum of an envelope: its power as given, all energy as early as can be.
 *
 * By the folded cepstrum (Oppenheim and Schafer, "Discrete-time signal processing", 12.2).
 *
 * @param bands `[60]` natural log of the power
 * @param re @param im `[513]`
 */
export function minimumPhase(bands: ArrayLike<number>, re: Float64Array, im: Float64Array): void {
  drawn(bands, MEL_PLACES, line);
  scratch[0] = line[0] / 2;
  scratch[1] = line[BINS - 1] / 2;
  for (let k = 1; k < BINS - 1; k++) {
    scratch[2 * k] = line[k] / 2;
    scratch[2 * k + 1] = 0;
  }
  toSamples(scratch);
  for (let i = 1; i < POINTS / 2; i++) scratch[i] *= 2;
  scratch.fill(0, POINTS / 2 + 1);
  toSpectrum(scratch);
  write(re, im, 0, scratch[0], 0);
  write(re, im, BINS - 1, scratch[1], 0);
  for (let k = 1; k < BINS - 1; k++) write(re, im, k, scratch[2 * k], scratch[2 * k + 1]);
}

function write(re: Float64Array, im: Float64Array, k: number, size: number, angle: number): void {
  const magnitude = Math.exp(size);
  re[k] = magnitude * Math.cos(angle);
  im[k] = magnitude * Math.sin(angle);
}
