import { openPffft, type OpenPffft } from '../core/pffft.ts';
import { createWasm, type Wasm } from '../core/wasm.ts';

/** Points of the transform: the 400 samples of a window and 112 zeros (Kaldi: the next power of two). */
export const FFT_SIZE = 512;
/** Values of a power spectrum: 0 Hz to 8 kHz in steps of 31.25 Hz. */
export const SPECTRUM_BINS: number = FFT_SIZE / 2 + 1;

/** The transform, set up, with its scratch: written and read within one call. */
interface Transform {
  readonly opened: OpenPffft;
  readonly input: number;
  readonly output: number;
  readonly work: number;
}

/** The transform's WebAssembly. */
export const fft: Wasm<Transform> = createWasm('the Fourier transform', async () => {
  const opened = await openPffft(FFT_SIZE);
  const [input, output, work] = [opened.array(), opened.array(), opened.array()];
  return { opened, input, output, work };
});

let heap: Float32Array | undefined;
let input: Float32Array = new Float32Array(0);
let output: Float32Array = input;

/**
 * Writes the spectrum of at most 512 values, padded with zeros, to `spectrum` `[512]`: re 0, re 256, re 1, im 1, re 2, …
 * The transform is single precision: its error is about 1e-7 of the largest value.
 *
 * @throws Error before `fft.load()` has resolved
 */
export function transform(values: Float32Array, spectrum: Float32Array): void {
  const { opened, input: from, output: to, work } = fft.get();
  const { pffft, setup } = opened;
  if (heap !== pffft.HEAPF32) {
    heap = pffft.HEAPF32;
    input = heap.subarray(from >> 2, (from >> 2) + FFT_SIZE);
    output = heap.subarray(to >> 2, (to >> 2) + FFT_SIZE);
  }
  input.set(values);
  input.fill(0, values.length);
  pffft._pffft_transform_ordered(setup, from, to, work, 0);
  spectrum.set(output);
}
