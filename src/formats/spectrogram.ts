import { MEL_BINS } from '../core/time.ts';
import { magma } from './colours.ts';
import { encodePng } from './png.ts';

/** Log-mel frames of a whole recording. */
export interface MelPicture {
  /** T, at 100 Hz. */
  readonly frames: number;
  /** `[T, 128]`, natural log. */
  readonly mel: Float32Array;
}

/** What is darkest and what is brightest; natural log. */
export interface MelRange {
  readonly low: number;
  readonly high: number;
}

const COLOURS = 256;
/** Share of all values that may be darker than the darkest, and brighter than the brightest colour. */
const CLIP_LOW = 0.08;
const CLIP_HIGH = 0.002;
/** Values taken to find the range. */
const RANGE_SAMPLES = 20_000;

/** The range of a recording's values without its extremes; bins that are empty by construction do not count. */
export function melRange(picture: MelPicture): MelRange {
  const { mel } = picture;
  const bins = fullBins(picture);
  const stride = Math.max(1, Math.floor(mel.length / RANGE_SAMPLES)) | 1; // odd: visits every bin
  const values: number[] = [];
  for (let i = 0; i < mel.length; i += stride) if (bins[i % MEL_BINS]) values.push(mel[i]);
  if (values.length === 0) return { low: 0, high: 1 };
  values.sort((a, b) => a - b);
  const at = (share: number): number => values[Math.floor(share * (values.length - 1))];
  const low = at(CLIP_LOW);
  return { low, high: Math.max(at(1 - CLIP_HIGH), low + 1) };
}

/** Draws frames `from` to `to` as a PNG, one pixel a frame and a bin, low bins at the bottom. */
export function spectrogramPng(
  picture: MelPicture,
  range: MelRange,
  span: { readonly from: number; readonly to: number },
): Buffer {
  const width = span.to - span.from;
  const pixels = new Uint8Array(width * MEL_BINS);
  const level = melLevels(picture, range, COLOURS);
  for (let bin = 0; bin < MEL_BINS; bin++) {
    const row = (MEL_BINS - 1 - bin) * width;
    for (let x = 0; x < width; x++) pixels[row + x] = level(span.from + x, bin);
  }
  return encodePng({ width, height: MEL_BINS, pixels, palette: magma(COLOURS) });
}

/** How bright a frame's bin is, a whole number from 0 to `colours` − 1; an empty bin borrows from above. */
export function melLevels(
  picture: MelPicture,
  range: MelRange,
  colours: number,
): (frame: number, bin: number) => number {
  const bins = fullBins(picture);
  const scale = (colours - 1) / (range.high - range.low);
  return (frame, bin) => {
    const source = bins[bin] ? bin : Math.min(bin + 1, MEL_BINS - 1);
    const value = picture.mel[frame * MEL_BINS + source];
    return Math.floor(Math.min(colours - 1, Math.max(0, (value - range.low) * scale)));
  };
}

/** Which bins ever change: at 512 points and 128 bins some hold no FFT bin at all and stay at the floor. */
function fullBins({ frames, mel }: MelPicture): boolean[] {
  const full = Array.from({ length: MEL_BINS }, () => false);
  for (let frame = 1; frame < frames; frame++) {
    const row = frame * MEL_BINS;
    for (let bin = 0; bin < MEL_BINS; bin++) full[bin] ||= mel[row + bin] !== mel[bin];
  }
  return full;
}
