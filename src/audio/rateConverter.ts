import { PipelineError } from '../core/errors.ts';
import { SAMPLE_RATE } from '../core/time.ts';
import { MIN_SAMPLE_RATE } from './audioFormat.ts';
import type { Speex } from './speex.ts';

/**
 * SpeexDSP's quality, 0 to 10. At 7 the pass band is flat to 7.2 kHz (−0.4 dB at 7.4), everything from 8.6 kHz on is
 * down by more than 110 dB, and the delay that is taken out is 4 ms.
 */
const QUALITY = 7;
/** Input samples handed over at a time; it bounds the buffers, and no result depends on it. */
const BLOCK_SAMPLES = 1024;
const OUTPUT_SAMPLES = Math.ceil((BLOCK_SAMPLES * SAMPLE_RATE) / MIN_SAMPLE_RATE) + 1;
const FLOAT_BYTES = 4;

/** Turns one channel at some rate into 16 kHz. */
export interface RateConverter {
  /** Takes samples `[N]` and gives the 16 kHz samples that they make certain, in one or more arrays. */
  push(samples: Float32Array): Generator<Float32Array>;
  /** The end: gives the last few milliseconds, which waited for samples that do not come. */
  flush(): Generator<Float32Array>;
  /** Gives the WebAssembly memory back. */
  release(): void;
}

/**
 * Creates a converter from `inputRate` Hz to 16 kHz over SpeexDSP in WebAssembly. Output k speaks of the moment
 * k / 16000 s: the filter's delay is taken out. N samples give ⌈N · 16000 / inputRate⌉ in all; the ratio is kept in whole
 * numbers, so it does not drift. Any chunking gives the same bits.
 */
export function createRateConverter(inputRate: number, speex: Speex): RateConverter {
  const state = speex._speex_resampler_init(1, inputRate, SAMPLE_RATE, QUALITY, 0);
  const bytes = FLOAT_BYTES * (BLOCK_SAMPLES + OUTPUT_SAMPLES + 2);
  const input = state === 0 ? 0 : speex._malloc(bytes);
  if (input === 0) {
    throw new PipelineError(
      'SYLSTREAM_ERR_OVERRUN',
      'expected memory for one more resampler, got none; end other streams first',
    );
  }
  const output = input + FLOAT_BYTES * BLOCK_SAMPLES;
  const inputLength = output + FLOAT_BYTES * OUTPUT_SAMPLES;
  const outputLength = inputLength + FLOAT_BYTES;
  const latency = speex._speex_resampler_get_input_latency(state);
  speex._speex_resampler_skip_zeros(state);
  let samplesIn = 0;
  let samplesOut = 0;

  function convert(samples: Float32Array): Float32Array {
    speex.HEAPF32.set(samples, input / FLOAT_BYTES);
    speex.HEAPU32[inputLength / FLOAT_BYTES] = samples.length;
    speex.HEAPU32[outputLength / FLOAT_BYTES] = OUTPUT_SAMPLES;
    speex._speex_resampler_process_float(state, 0, input, inputLength, output, outputLength);
    const at = output / FLOAT_BYTES;
    return speex.HEAPF32.slice(at, at + speex.HEAPU32[outputLength / FLOAT_BYTES]);
  }

  return {
    *push(samples) {
      for (let at = 0; at < samples.length; at += BLOCK_SAMPLES) {
        const block = samples.subarray(at, at + BLOCK_SAMPLES);
        const converted = convert(block);
        samplesIn += block.length;
        samplesOut += converted.length;
        if (converted.length > 0) yield converted;
      }
    },
    *flush() {
      let missing = Math.ceil((samplesIn * SAMPLE_RATE) / inputRate) - samplesOut;
      for (let zeros = latency + 1; zeros > 0 && missing > 0; zeros -= BLOCK_SAMPLES) {
        const tail = convert(new Float32Array(Math.min(zeros, BLOCK_SAMPLES))).subarray(0, missing);
        missing -= tail.length;
        if (tail.length > 0) yield tail;
      }
    },
    release() {
      speex._speex_resampler_destroy(state);
      speex._free(input);
    },
  };
}
