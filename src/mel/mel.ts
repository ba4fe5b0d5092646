import { createMelKernel, type MelKernel } from './melKernel.ts';
import { transform } from './pffft.ts';

/** The least power of a band: the smallest step of single precision at 1 (Kaldi, `std::numeric_limits<float>::epsilon()`). */
const POWER_FLOOR = 1.1920929e-7;
/** What a silent band comes to: the natural logarithm of the power floor, about −15.94. */
export const LOG_MEL_FLOOR: number = Math.log(POWER_FLOOR);

/**
 * Computes one frame of log-mel, `[400]` samples in [-1, 1] → `[128]`, into `out` from `at` on: the mean is taken
 * away, then pre-emphasis 0.97 (the first sample is its own predecessor), povey window, 512-point power spectrum,
 * 128 mel bands from 20 Hz to 8 kHz, natural logarithm floored at 1.1920929e-7. The numbers are those of
 * `torchaudio.compliance.kaldi.fbank` without dither.
 */
export type LogMelFrame = (window: Float32Array, out: Float32Array, at: number) => void;

/** One for all streams; nothing lasts in it from frame to frame. */
let shared: MelKernel | undefined;

/** Creates the function that computes frames. */
export function createLogMelFrame(): LogMelFrame {
  const kernel = (shared ??= createMelKernel());

  return function logMelFrame(window, out, at) {
    kernel.samples.set(window);
    kernel.taper();
    transform(kernel.tapered, kernel.spectrum);
    kernel.bands();
    out.set(kernel.mel, at);
  };
}
