import type { Unit } from '../core/types.ts';
import { HOP_SAMPLES, MEL_BINS, SAMPLE_RATE, toSeconds, WINDOW_SAMPLES } from '../core/time.ts';
import { type Canvas, createCanvas, GLYPH } from './canvas.ts';
import { magma, type Rgb, unitColour, unitHue } from './colours.ts';
import { MAX_PLOT_SAMPLES, type Plot, plotSummary, ROW_SAMPLES } from './plot.ts';
import { encodePng } from './png.ts';
import { melLevels, melRange } from './spectrogram.ts';

/** Pixels. */
const WIDTH = 1_600;
const MARGIN = 24;
const STRIP_HEIGHT = 36;
const GAP = 3;
const AXIS_HEIGHT = 30;
const SPECTROGRAM_HEIGHT: number = 2 * MEL_BINS;
const ROW_HEIGHT: number = SPECTROGRAM_HEIGHT + GAP + STRIP_HEIGHT + AXIS_HEIGHT + MARGIN;

/** Numbers of the colours: five of their own, then one a 5 degrees of hue, then the spectrogram's. */
const COLOUR = { paper: 0, ink: 1, grey: 2, pause: 3, boundary: 4, forced: 5 } as const;
const FIRST_HUE = 6;
const HUES = 72;
const FIRST_LEVEL: number = FIRST_HUE + HUES;
const LEVELS = 160;

const PALETTE: readonly Rgb[] = [
  [255, 255, 255],
  [27, 27, 31],
  [85, 85, 94],
  [222, 222, 230],
  [240, 240, 240],
  [255, 211, 77],
  ...Array.from({ length: HUES }, (_, n) => unitColour((360 * n) / HUES)),
  ...magma(LEVELS),
];

/**
 * Draws a recording as PNG, as `plotSvg()` does: its mel spectrogram with every boundary (yellow where it was forced), the
 * units' numbers in their own colours below it, pauses in grey, a time axis in seconds; in rows of 6 s. The recording's
 * name and what the numbers mean stand in the file's texts `Title` and `Description`.
 *
 * ```ts
 * writeFileSync('speech.png', plotPng({ title: 'speech.wav', samples, picture, units, provenance }));
 * ```
 */
export function plotPng(plot: Plot): Buffer {
  const shown = Math.min(plot.samples, MAX_PLOT_SAMPLES);
  const rowSamples = Math.min(ROW_SAMPLES, Math.max(shown, SAMPLE_RATE));
  const rows = Math.max(1, Math.ceil(shown / rowSamples));
  const canvas = createCanvas(WIDTH, MARGIN + rows * ROW_HEIGHT);
  const level = melLevels(plot.picture, melRange(plot.picture), LEVELS);
  for (let row = 0; row < rows; row++) {
    const from = row * rowSamples;
    const to = Math.min(from + rowSamples, shown);
    const scale = (WIDTH - 2 * MARGIN) / rowSamples;
    const x = (sample: number): number => MARGIN + (sample - from) * scale;
    drawRow(canvas, plot, { from, to, top: MARGIN + row * ROW_HEIGHT, x, level });
  }
  const { width, height, pixels } = canvas;
  const texts = { Title: plot.title, Description: plotSummary(plot, shown).join(' · ') };
  return encodePng({ width, height, pixels, palette: PALETTE, texts });
}

interface Row {
  readonly from: number;
  readonly to: number;
  readonly top: number;
  /** Pixel of a sample. */
  readonly x: (sample: number) => number;
  /** Colour of a frame's bin, from 0. */
  readonly level: (frame: number, bin: number) => number;
}

function drawRow(canvas: Canvas, plot: Plot, row: Row): void {
  const { from, to, top, x } = row;
  const strip = top + SPECTROGRAM_HEIGHT + GAP;
  drawSpectrogram(canvas, plot.picture.frames, row);
  for (const unit of plot.units.filter(({ start, end }) => end > from && start < to)) {
    const left = x(Math.max(unit.start, from));
    const width = x(Math.min(unit.end, to)) - left;
    drawUnit(canvas, unit, { left, top: strip, width });
    if (unit.end >= to) continue;
    const colour = unit.forced ? COLOUR.forced : COLOUR.boundary;
    canvas.fill(x(unit.end), top, 2, SPECTROGRAM_HEIGHT, colour);
  }
  drawAxis(canvas, row, strip + STRIP_HEIGHT);
}

/** The frame in the middle of a pixel lies half a window after its first sample. */
function drawSpectrogram(canvas: Canvas, frames: number, { from, to, top, x, level }: Row): void {
  const lead = (WINDOW_SAMPLES - HOP_SAMPLES) / 2;
  canvas.fill(x(from), top, x(to) - x(from), SPECTROGRAM_HEIGHT, FIRST_LEVEL);
  const first = Math.max(0, Math.floor((from - lead) / HOP_SAMPLES));
  const last = Math.min(frames, Math.ceil((to - lead) / HOP_SAMPLES));
  const pixels = SPECTROGRAM_HEIGHT / MEL_BINS;
  for (let frame = first; frame < last; frame++) {
    const start = Math.max(from, frame * HOP_SAMPLES + lead);
    const left = Math.round(x(start));
    const width = Math.round(x(Math.min(to, (frame + 1) * HOP_SAMPLES + lead))) - left;
    for (let bin = 0; bin < MEL_BINS; bin++) {
      const y = top + (MEL_BINS - 1 - bin) * pixels;
      canvas.fill(left, y, width, pixels, FIRST_LEVEL + level(frame, bin));
    }
  }
}

function drawUnit(
  canvas: Canvas,
  { id, pause }: Unit,
  { left, top, width }: { readonly left: number; readonly top: number; readonly width: number },
): void {
  const hue = FIRST_HUE + (Math.round((unitHue(id) / 360) * HUES) % HUES);
  canvas.fill(left, top, width - 1, STRIP_HEIGHT, pause ? COLOUR.pause : hue);
  if (pause) return;
  const text = String(id);
  const scale = [2, 1].find((size) => lengthOf(text) * size + 4 <= width);
  if (scale !== undefined) {
    const x = left + (width - lengthOf(text) * scale) / 2;
    const y = top + (STRIP_HEIGHT - GLYPH.height * scale) / 2;
    canvas.write(text, Math.round(x), Math.round(y), scale, COLOUR.ink);
  } else if (width >= GLYPH.width) {
    const x = Math.round(left + (width - GLYPH.width) / 2);
    text.split('').forEach((digit, n) => {
      canvas.write(digit, x, top + 3 + n * (GLYPH.height + 2), 1, COLOUR.ink);
    });
  }
}

/** A mark every 100 ms, a longer one with its number every half second. */
function drawAxis(canvas: Canvas, { from, to, x }: Row, top: number): void {
  const step = SAMPLE_RATE / 10;
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const named = at % (SAMPLE_RATE / 2) === 0;
    canvas.fill(x(at), top + 2, 1, named ? 8 : 4, COLOUR.grey);
    if (!named) continue;
    const text = `${toSeconds(at).toFixed(1)}${at === 0 ? ' s' : ''}`;
    const left = Math.max(2, Math.round(x(at) - lengthOf(text)));
    canvas.write(text, left, top + 13, 2, COLOUR.grey);
  }
}

/** Columns of a text at scale 1. */
function lengthOf(text: string): number {
  return text.length * GLYPH.advance - 1;
}
