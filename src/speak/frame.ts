/**
 * A frame of the synthesis: what 10 ms of speech sound like, in numbers (docs/bundle.md, "speak/"). Frame n speaks of sample 160·n.
 * In an array of frames `[T, 67]` they lie one after another.
 */

/** Values of a frame. */
export const FRAME_WIDTH = 67;
/** Where the natural logarithm of the pitch in Hz lies. */
export const PITCH = 0;
/** Where voicing lies: above 0.5 the frame is voiced. */
export const VOICED = 1;
/** Where the envelope begins: natural logarithm of the power at places evenly spaced in mel from 0 Hz to 8 kHz; white noise of variance 1 has 0. */
export const ENVELOPE = 2;
/** Places of the envelope. */
export const ENVELOPE_BANDS = 60;
/** Where aperiodicity begins: 0 (all pulses) to 1 (all noise), as an amplitude, at places evenly spaced from 0 Hz to 8 kHz. */
export const APERIODICITY: number = ENVELOPE + ENVELOPE_BANDS;
/** Places of aperiodicity. */
export const APERIODICITY_BANDS = 5;
/** The envelope of silence: −90 dB. */
export const SILENT: number = Math.log(1e-9);

/** Writes silence over frames `[from, to)` of an array of frames. */
export function silence(frames: Float32Array, from: number, to: number): void {
  frames.fill(SILENT, from * FRAME_WIDTH, to * FRAME_WIDTH);
  for (let n = from; n < to; n++) {
    const at = n * FRAME_WIDTH;
    frames[at + PITCH] = Math.log(120); // not heard
    frames[at + VOICED] = 0;
    frames.fill(1, at + APERIODICITY, at + FRAME_WIDTH);
  }
}
