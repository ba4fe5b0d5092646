/** Samples ↔ frames ↔ tokens ↔ seconds: the only such arithmetic in the project. */

/** Samples a second inside the pipeline. */
export const SAMPLE_RATE = 16_000;
/** Samples of one analysis window, 25 ms (Kaldi fbank). */
export const WINDOW_SAMPLES = 400;
/** Samples from one frame to the next, 10 ms. */
export const HOP_SAMPLES = 160;
/** Log-mel frames of one token. */
export const FRAMES_PER_TOKEN = 2;
/** Samples from one token to the next, 20 ms. */
export const TOKEN_SAMPLES: number = HOP_SAMPLES * FRAMES_PER_TOKEN;
/** Mel bands of a frame. */
export const MEL_BINS = 128;

/** The boundary before token 0: midway between the centres of token −1 and token 0. */
const BOUNDARY_OFFSET_SAMPLES = (WINDOW_SAMPLES + HOP_SAMPLES) / 2 - TOKEN_SAMPLES / 2;

/** Frames whose whole window lies within `samples` samples. */
export function framesWithin(samples: number): number {
  return samples < WINDOW_SAMPLES ? 0 : Math.floor((samples - WINDOW_SAMPLES) / HOP_SAMPLES) + 1;
}

/** The sample count at which the first `tokens` tokens are complete; 0 for none. */
export function samplesForTokens(tokens: number): number {
  if (tokens <= 0) return 0;
  return HOP_SAMPLES * (tokens * FRAMES_PER_TOKEN - 1) + WINDOW_SAMPLES;
}

/** The sample of the boundary before `token`, moved by the bundle's constant shift; 0 for token 0. */
export function boundarySample(token: number, shiftSamples: number): number {
  return token <= 0 ? 0 : TOKEN_SAMPLES * token + BOUNDARY_OFFSET_SAMPLES + shiftSamples;
}

/** The first token whose samples start at or after `sample`. */
export function tokenFrom(sample: number): number {
  return Math.max(0, Math.ceil(sample / TOKEN_SAMPLES));
}

/** Samples as seconds, for people. */
export function toSeconds(samples: number): number {
  return samples / SAMPLE_RATE;
}

/** Milliseconds as a whole number of samples. */
export function msToSamples(ms: number): number {
  return Math.round((ms * SAMPLE_RATE) / 1000);
}
