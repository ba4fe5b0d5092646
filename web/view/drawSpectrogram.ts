import { hzToMel } from '../../src/mel/melBank.ts';
import { HOP_SAMPLES, MEL_BINS, SAMPLE_RATE, WINDOW_SAMPLES } from '../../src/core/time.ts';
import { TILE_FRAMES } from '../melStore.ts';
import { visibleUnits } from './visibleUnits.ts';
import { fontOf } from './scene.ts';
import type { Scene } from './scene.ts';

const FREQUENCIES: readonly (readonly [hz: number, text: string])[] = [
  [250, '250 Hz'],
  [1000, '1 kHz'],
  [2000, '2 kHz'],
  [4000, '4 kHz'],
];
const PLATE_HEIGHT = 16;
/** From this zoom on boundaries are drawn in full; the denser they lie, the paler, so that they do not hide the sound. */
const CLEAR_PX_PER_SAMPLE = 110 / SAMPLE_RATE;
const PALEST = 0.4;
/** The edges of the mel bank. */
const LOWEST_MEL = hzToMel(20);
const HIGHEST_MEL = hzToMel(SAMPLE_RATE / 2);
const TILE_SAMPLES = TILE_FRAMES * HOP_SAMPLES;
/** A frame is drawn around the middle of its window. */
const FRAME_START = WINDOW_SAMPLES / 2 - HOP_SAMPLES / 2;

/** Draws the log-mel picture and the boundaries over it. */
export function drawSpectrogram(scene: Scene): void {
  const { context, tiles, recording, width, melHeight, left, pxPerSample } = scene;
  const right = left + width / pxPerSample;
  const lastTile = Math.ceil(recording.mel.frames / TILE_FRAMES) - 1;
  const from = Math.max(0, Math.floor((left - FRAME_START) / TILE_SAMPLES));
  const to = Math.min(lastTile, Math.floor((right - FRAME_START) / TILE_SAMPLES));
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = 'high';
  for (let n = from; n <= to; n++) {
    const frames = Math.min(TILE_FRAMES, recording.mel.frames - n * TILE_FRAMES);
    const x = (n * TILE_SAMPLES + FRAME_START - left) * pxPerSample;
    const wide = frames * HOP_SAMPLES * pxPerSample;
    context.drawImage(tiles.tile(n), 0, 0, frames, MEL_BINS, x, 0, wide, melHeight);
  }
  drawBoundaries(scene, right);
  drawHeads(scene);
  drawFrequencies(scene);
}

function drawBoundaries(scene: Scene, right: number): void {
  const { context, recording, palette, melHeight, stripTop, left, pxPerSample } = scene;
  const mark = (sample: number, bottom: number): void => {
    const x = Math.round((sample - left) * pxPerSample) + 0.5;
    context.moveTo(x, 0);
    context.lineTo(x, bottom);
  };
  context.lineWidth = 1;
  context.globalAlpha = Math.min(1, Math.max(PALEST, pxPerSample / CLEAR_PX_PER_SAMPLE));
  context.strokeStyle = palette.line;
  context.setLineDash([]);
  context.beginPath();
  for (const unit of visibleUnits(recording.shown, left, right)) mark(unit.end, stripTop);
  context.stroke();
  context.strokeStyle = palette.provisionalLine;
  context.setLineDash([3, 4]);
  context.beginPath();
  for (const unit of recording.provisional.slice(0, -1)) mark(unit.end, melHeight);
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/** The head of the recording, and the play head. */
function drawHeads(scene: Scene): void {
  const { context, recording, palette, axisTop, left, pxPerSample, live, playing, width } = scene;
  const line = (sample: number): void => {
    const x = (sample - left) * pxPerSample;
    context.fillStyle = palette.now;
    context.fillRect(Math.min(x, width) - 1.5, 0, 2, axisTop);
  };
  if (live) line(recording.samples);
  if (playing !== undefined) line(playing);
}

/** Writes a few frequencies at the left edge, on the mel scale of the picture, each on a plate so that it can be read. */
function drawFrequencies({ context, palette, melHeight, textScale }: Scene): void {
  context.font = fontOf(textScale, 10, 600);
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  const high = PLATE_HEIGHT * textScale;
  let free = melHeight;
  for (const [hz, text] of FREQUENCIES) {
    const share = (hzToMel(hz) - LOWEST_MEL) / (HIGHEST_MEL - LOWEST_MEL);
    const y = melHeight * (1 - share);
    if (y + high / 2 > free) continue; // it would lie on the one below
    free = y - high / 2;
    context.fillStyle = palette.plate;
    context.beginPath();
    context.roundRect(4, free, context.measureText(text).width + 10, high, 4);
    context.fill();
    context.fillStyle = palette.text;
    context.fillText(text, 9, y + 0.5);
  }
}
