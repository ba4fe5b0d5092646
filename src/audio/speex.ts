// @ts-expect-error The package has no types; the functions used are described in `Speex` below.
import createSpeex from '@echogarden/speex-resampler-wasm/simd';
import { createWasm, type Wasm } from '../core/wasm.ts';

/** The part of SpeexDSP's resampler (BSD-3) used here, as compiled by Emscripten; pointers are byte offsets into the heap. */
export interface Speex {
  readonly HEAPF32: Float32Array;
  readonly HEAPU32: Uint32Array;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  /** Returns 0 when there is no memory left. */
  _speex_resampler_init(
    channels: number,
    inputRate: number,
    outputRate: number,
    quality: number,
    error: number,
  ): number;
  /** Lets the first output speak of the first input: takes the filter's delay out. */
  _speex_resampler_skip_zeros(state: number): number;
  /** The filter's delay in input samples. */
  _speex_resampler_get_input_latency(state: number): number;
  /** Reads `*inputLength` floats and writes up to `*outputLength`; both come back as what was used. */
  _speex_resampler_process_float(
    state: number,
    channel: number,
    input: number,
    inputLength: number,
    output: number,
    outputLength: number,
  ): number;
  _speex_resampler_destroy(state: number): void;
}

const instantiate: () => Promise<Speex> = createSpeex;

/**
 * The resampler's WebAssembly. An AudioWorklet, which can neither fetch nor resolve package names, leaves this file out
 * and hands `createResampler` an instance of its own.
 */
export const speex: Wasm<Speex> = createWasm('the resampler', instantiate);
