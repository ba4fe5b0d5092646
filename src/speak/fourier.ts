import { openPffft, type Pffft } from '../core/pffft.ts';
import { createWasm, type Wasm } from '../core/wasm.ts';

/** Points of the synthesis' transform: a window of 320 samples and room for the tail of its filter. */
export const POINTS = 1024;

interface Transform {
  readonly pffft: Pffft;
  readonly setup: number;
  readonly place: number;
  readonly work: number;
}

/** The transform's WebAssembly. */
export const synthesisFft: Wasm<Transform> = createWasm(
  'the inverse Fourier transform',
  async () => {
    const { pffft, setup, array } = await openPffft(POINTS);
    return { pffft, setup, place: array(), work: array() };
  },
);

/**
 * Transforms `values` `[1024]` in place: samples become a spectrum (re 0, re 512, re 1, im 1, …).
 *
 * @throws Error before `synthesisFft.load()` has resolved
 */
export function toSpectrum(values: Float32Array): void {
  transform(values, 0);
}

/** The way back, scaled: `toSamples` after `toSpectrum` gives what was there, to single precision. */
export function toSamples(values: Float32Array): void {
  transform(values, 1);
  for (let i = 0; i < POINTS; i++) values[i] /= POINTS;
}

function transform(values: Float32Array, direction: 0 | 1): void {
  const { pffft, setup, place, work } = synthesisFft.get();
  pffft.HEAPF32.set(values, place >> 2);
  pffft._pffft_transform_ordered(setup, place, place, work, direction);
  values.set(pffft.HEAPF32.subarray(place >> 2, (place >> 2) + POINTS));
}
