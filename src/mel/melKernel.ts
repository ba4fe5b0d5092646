import { planWasm } from '../core/wasmPlan.ts';
import { MEL_BINS, WINDOW_SAMPLES } from '../core/time.ts';
import { createMelBank } from './melBank.ts';
import { MEL_WASM } from './melWasm.ts';
import { FFT_SIZE } from './pffft.ts';

/** What `assembly/mel.ts` exports; pointers are byte offsets into the memory. */
interface MelWasm {
  taper(samples: number, count: number, weights: number, output: number): void;
  bands(
    spectrum: number,
    points: number,
    power: number,
    first: number,
    offset: number,
    weights: number,
    count: number,
    energies: number,
    output: number,
  ): void;
}

/** The arithmetic of a log-mel frame around its transform; all in memory of its own, which holds within one frame. */
export interface MelKernel {
  /** `[400]`: where a window's samples go. */
  readonly samples: Float32Array;
  /** Writes `tapered` of `samples`: the mean taken away, pre-emphasis, povey window. */
  taper(): void;
  /** `[400]` */
  readonly tapered: Float32Array;
  /** `[512]`: where the spectrum goes, as PFFFT orders it. */
  readonly spectrum: Float32Array;
  /** Writes `mel` of `spectrum`. */
  bands(): void;
  /** `[128]` */
  readonly mel: Float32Array;
}

/** Kaldi's `povey` window: a symmetric Hann window to the power of 0.85. */
function poveyWindow(length: number): Float64Array {
  return Float64Array.from(
    { length },
    (_, i) => (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (length - 1))) ** 0.85,
  );
}

/** Makes the kernel with its tables, which takes 3 ms: one serves all streams of a thread. */
export function createMelKernel(): MelKernel {
  const window = poveyWindow(WINDOW_SAMPLES);
  const { first, offset, weights } = createMelBank(MEL_BINS);
  const plan = planWasm<MelWasm>(MEL_WASM);
  const samplesAt = plan.take(4 * WINDOW_SAMPLES);
  const windowAt = plan.take(window.byteLength);
  const taperedAt = plan.take(4 * WINDOW_SAMPLES);
  const spectrumAt = plan.take(4 * FFT_SIZE);
  const powerAt = plan.take(4 * FFT_SIZE);
  const firstAt = plan.take(first.byteLength);
  const offsetAt = plan.take(offset.byteLength);
  const weightsAt = plan.take(weights.byteLength);
  const energiesAt = plan.take(8 * MEL_BINS);
  const melAt = plan.take(4 * MEL_BINS);
  const { wasm, buffer } = plan.open();
  new Float64Array(buffer, windowAt, window.length).set(window);
  new Int32Array(buffer, firstAt, first.length).set(first);
  new Int32Array(buffer, offsetAt, offset.length).set(offset);
  new Float64Array(buffer, weightsAt, weights.length).set(weights);
  return {
    samples: new Float32Array(buffer, samplesAt, WINDOW_SAMPLES),
    taper: () => wasm.taper(samplesAt, WINDOW_SAMPLES, windowAt, taperedAt),
    tapered: new Float32Array(buffer, taperedAt, WINDOW_SAMPLES),
    spectrum: new Float32Array(buffer, spectrumAt, FFT_SIZE),
    bands: () =>
      wasm.bands(
        spectrumAt,
        FFT_SIZE,
        powerAt,
        firstAt,
        offsetAt,
        weightsAt,
        MEL_BINS,
        energiesAt,
        melAt,
      ),
    mel: new Float32Array(buffer, melAt, MEL_BINS),
  };
}
