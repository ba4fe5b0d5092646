import type { ProvisionalUnit } from '../recording.ts';
import { unitColour } from './palette.ts';
import type { Scene } from './scene.ts';
import { STRIP_HEIGHT } from './scene.ts';
import { visibleUnits } from './visibleUnits.ts';

const RADIUS = 7;
const INSET = 1;
/** Narrower blocks get no number. */
const MIN_TEXT_PX = 20;
const FONT = '600 12px ui-sans-serif, system-ui, sans-serif';

/**
 * Draws the units as blocks: same unit, same colour; pauses grey; the provisional tail faint with a dashed edge, what is
 * expected behind it a ghost. While a
 * unit is pointed at, all of its kind stay bright and the others step back.
 */
export function drawStrip(scene: Scene): void {
  const { context, recording, width, left, pxPerSample, highlighted } = scene;
  const right = left + width / pxPerSample;
  context.font = FONT;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (const unit of visibleUnits(recording.units, left, right)) {
    const dimmed = highlighted?.pause === false && highlighted.id !== unit.id;
    context.globalAlpha = dimmed ? 0.28 : 1;
    block(scene, unit, false);
    if (highlighted === unit) outline(scene, unit);
  }
  for (const guess of visibleUnits(recording.provisional, left, right)) {
    context.globalAlpha = 0.5;
    block(scene, guess, true);
  }
  for (const guess of visibleUnits(recording.expected, left, right)) {
    context.globalAlpha = 0.28;
    block(scene, guess, true);
  }
  context.globalAlpha = 1;
}

function place(scene: Scene, { start, end }: ProvisionalUnit): [number, number, number, number] {
  const x = (start - scene.left) * scene.pxPerSample + INSET;
  const wide = Math.max(2, (end - start) * scene.pxPerSample - 2 * INSET);
  return [x, scene.stripTop + INSET, wide, STRIP_HEIGHT - 2 * INSET];
}

function block(scene: Scene, unit: ProvisionalUnit, provisional: boolean): void {
  const { context, palette } = scene;
  const [x, y, wide, high] = place(scene, unit);
  context.beginPath();
  context.roundRect(x, y, wide, high, Math.min(RADIUS, wide / 2));
  context.fillStyle = unit.pause ? palette.pause : unitColour(unit.id);
  context.fill();
  if (provisional) {
    context.setLineDash([3, 3]);
    context.lineWidth = 1.5;
    context.strokeStyle = palette.axis;
    context.stroke();
    context.setLineDash([]);
  }
  if (unit.pause) {
    hatch(scene, x, y, wide, high);
    return;
  }
  if (wide < MIN_TEXT_PX) return;
  context.fillStyle = palette.ink;
  context.fillText(String(unit.id), x + wide / 2, y + high / 2 + 0.5);
}

/** Stripes at a fixed place in time, so that they move with the picture. */
function hatch(scene: Scene, x: number, y: number, wide: number, high: number): void {
  const { context, palette, left, pxPerSample } = scene;
  context.save();
  context.clip();
  context.strokeStyle = palette.pauseStripe;
  context.lineWidth = 2;
  context.beginPath();
  const step = 9;
  const phase = (left * pxPerSample) % step;
  for (let at = Math.floor((x - high) / step) * step - phase; at < x + wide; at += step) {
    context.moveTo(at, y + high);
    context.lineTo(at + high, y);
  }
  context.stroke();
  context.restore();
}

function outline(scene: Scene, unit: ProvisionalUnit): void {
  const { context, palette } = scene;
  const [x, y, wide, high] = place(scene, unit);
  context.beginPath();
  context.roundRect(x, y, wide, high, Math.min(RADIUS, wide / 2));
  context.lineWidth = 2.5;
  context.strokeStyle = palette.now;
  context.stroke();
}
