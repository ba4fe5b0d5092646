import { openPffft, type Pffft } from '../core/pffft.ts';
import { createWasm, type Wasm } from '../core/wasm.ts';

/** Points of the transform: the 400 samples of a window and 112 zeros (Kaldi: the next power of two). */
export const FFT_SIZE = 512;
/** Values of a power spectrum: 0 Hz to 8 kHz in steps of 31.25 Hz. */
export const SPECTRUM_BINS: number = FFT_SIZE / 2 + 1;

/** The transform, set up, with its scratch: written and read within one call. */
interface Transform {
  readonly pffft: Pffft;
  readonly setup: number;
  readonly input: number;
  readonly output: number;
  readonly work: number;
}

/** The transform's WebAssembly. */
export const fft: Wasm<Transform> = createWasm('the Fourier transform', async () => {
  const { pffft, setup, array } = await openPffft(FFT_SIZE);
  return { pffft, setup, input: array(), output: array(), work: array() };
});

let place: Float32Array = new Float32Array(0);

/**
 * Where the values to transform go, `[512]`: the module's own memory, so that nothing is copied. Holds until the next call.
 *
 * @throws Error before `fft.load()` has resolved
 */
export function transformInput(): Float32Array {
  const { pffft, input } = fft.get();
  const heap = pffft.HEAPF32;
  if (place.buffer !== heap.buffer) place = heap.subarray(input >> 2, (input >> 2) + FFT_SIZE);
  return place;
}

/**
 * Writes the power spectrum |X|² of the first `count` values of `transformInput()`, padded with zeros, to `power` `[257]`.
 * The transform is single precision: its error is about 1e-7 of the largest value.
 *
 * @throws Error before `fft.load()` has resolved
 */
export function powerSpectrum(count: number, power: Float64Array): void {
  const { pffft, setup, input, output, work } = fft.get();
  transformInput().fill(0, count);
  pffft._pffft_transform_ordered(setup, input, output, work, 0);
  const heap = pffft.HEAPF32;
  const at = output >> 2;
  power[0] = heap[at] ** 2;
  power[FFT_SIZE / 2] = heap[at + 1] ** 2;
  for (let k = 1; k < FFT_SIZE / 2; k++) {
    const re = heap[at + 2 * k];
    const im = heap[at + 2 * k + 1];
    power[k] = re * re + im * im;
  }
}
