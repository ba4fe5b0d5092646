// @ts-expect-error The package has no types; the functions used are described in `Pffft` below.
import createPffft from '@echogarden/pffft-wasm/simd';

/** The part of PFFFT (Pommier, BSD-3) used here, as compiled by Emscripten; pointers are byte offsets into the heap. */
export interface Pffft {
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

const instantiate: () => Promise<Pffft> = createPffft;

/** A module of its own, set up for real transforms of `size` points, and what takes `size` floats of its memory. */
export interface OpenPffft {
  readonly pffft: Pffft;
  readonly setup: number;
  array(): number;
}

/** Starts PFFFT for transforms of `size` points, a multiple of 32. */
export async function openPffft(size: number): Promise<OpenPffft> {
  const pffft = await instantiate();
  const setup = pffft._pffft_new_setup(size, 0);
  return { pffft, setup, array: () => pffft._pffft_aligned_malloc(4 * size) };
}
