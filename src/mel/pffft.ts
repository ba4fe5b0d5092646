// @ts-expect-error The package has no types; the functions used are described in `Pffft` below.
import createPffft from '@echogarden/pffft-wasm/simd';
import { createWasm, type Wasm } from '../core/wasm.ts';

/** The part of PFFFT (Pommier, BSD-3) used here, as compiled by Emscripten; pointers are byte offsets into the heap. */
interface Pffft {
  readonly HEAPF32: Float32Array;
  _pffft_new_setup(size: number, kind: 0): number;
  _pffft_aligned_malloc(bytes: number): number;
  /** Direction 0 is forward; the order is re 0, re n/2, re 1, im 1, re 2, im 2, … */
  _pffft_transform_ordered(
    setup: number,
    input: number,
    output: number,
    work: number,
    direction: 0,
  ): void;
}

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

const instantiate: () => Promise<Pffft> = createPffft;

/** The transform's WebAssembly. */
export const fft: Wasm<Transform> = createWasm('the Fourier transform', async () => {
  const pffft = await instantiate();
  const setup = pffft._pffft_new_setup(FFT_SIZE, 0);
  const array = (): number => pffft._pffft_aligned_malloc(4 * FFT_SIZE);
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
