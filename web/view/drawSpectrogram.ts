import { hzToMel } from '../../src/dsp/melBank.ts';
import { HOP_SAMPLES, MEL_BINS, SAMPLE_RATE, WINDOW_SAMPLES } from '../../src/units.ts';
import { TILE_FRAMES } from '../melStore.ts';
import { visibleUnits } from './visibleUnits.ts';
import type { Scene } from './scene.ts';

const FREQUENCY_FONT = '600 10px ui-sans-serif, system-ui, sans-serif';
const FREQUENCIES: readonly (readonly [hz: number, text: string])[] = [
  [250, '250 Hz'],
  [1000, '1 kHz'],
  [2000, '2 kHz'],
  [4000, '4 kHz'],
];
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
  context.strokeStyle = palette.line;
  context.setLineDash([]);
  context.beginPath();
  for (const unit of visibleUnits(recording.units, left, right)) mark(unit.end, stripTop);
  context.stroke();
  context.strokeStyle = palette.provisionalLine;
  context.setLineDash([3, 4]);
  context.beginPath();
  for (const guess of recording.provisional.slice(0, -1)) mark(guess.end, melHeight);
  context.stroke();
  context.setLineDash([]);
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

/** Writes a few frequencies at the left edge, on the mel scale of the picture. */
function drawFrequencies({ context, palette, melHeight }: Scene): void {
  context.font = FREQUENCY_FONT;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  context.lineWidth = 3;
  context.strokeStyle = palette.strip;
  context.fillStyle = palette.axis;
  for (const [hz, text] of FREQUENCIES) {
    const share = (hzToMel(hz) - LOWEST_MEL) / (HIGHEST_MEL - LOWEST_MEL);
    const y = melHeight * (1 - share);
    context.strokeText(text, 6, y);
    context.fillText(text, 6, y);
  }
}
