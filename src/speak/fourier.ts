// @ts-expect-error The package has no types; the functions used are described in `Pffft` below.
import createPffft from '@echogarden/pffft-wasm/simd';
import { createWasm, type Wasm } from '../core/wasm.ts';

/** The part of PFFFT (Pommier, BSD-3) used here, as compiled by Emscripten; pointers are byte offsets into the heap. */
interface Pffft {
  readonly HEAPF32: Float32Array;
  _pffft_new_setup(size: number, kind: 0): number;
  _pffft_aligned_malloc(bytes: number): number;
  /** Direction 0 is forward, 1 is backward and not scaled; the order is re 0, re n/2, re 1, im 1, re 2, im 2, … */
  _pffft_transform_ordered(
    setup: number,
    input: number,
    output: number,
    work: number,
    direction: 0 | 1,
  ): void;
}

/** Points of the synthesis' transform: a window of 320 samples and room for the tail of its filter. */
export const POINTS = 1024;

interface Transform {
  readonly pffft: Pffft;
  readonly setup: number;
  readonly place: number;
  readonly work: number;
}

const instantiate: () => Promise<Pffft> = createPffft;

/** The transform's WebAssembly. */
export const synthesisFft: Wasm<Transform> = createWasm(
  'the inverse Fourier transform',
  async () => {
    const pffft = await instantiate();
    const setup = pffft._pffft_new_setup(POINTS, 0);
    const array = (): number => pffft._pffft_aligned_malloc(4 * POINTS);
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
