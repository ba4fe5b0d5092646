import type { ProvisionalUnit } from '../provisionalUnit.ts';
import { isLongPause } from './describeUnit.ts';
import { unitColour } from './palette.ts';
import { fontOf } from './scene.ts';
import type { Scene } from './scene.ts';
import { visibleUnits } from './visibleUnits.ts';

const RADIUS = 7;
const INSET = 1;
/** Between a name and the edges of its block; where a label has less room the number stands, or nothing. */
const TEXT_INSET = 4;

/** How a block looks: said for good, still open, or only predicted. */
type Look = 'final' | 'provisional' | 'predicted';
/** How much of a block's colour is left. */
const FILL: Readonly<Record<Look, number>> = { final: 1, provisional: 0.42, predicted: 0.16 };
/** The same for blocks of another kind than the one that is pointed at. */
const DIMMED = 0.28;

/**
 * Draws the units as blocks: same unit, same colour; pauses hatched, silences too short to count plain; the provisional
 * tail pale with a dashed edge, what comes behind it paler still. While a unit is pointed at, all of its kind stay
 * bright and the others step back.
 */
export function drawStrip(scene: Scene): void {
  const { context, recording, width, left, pxPerSample, highlighted, textScale } = scene;
  const right = left + width / pxPerSample;
  context.font = fontOf(textScale, 12, 600);
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (const unit of visibleUnits(recording.shown, left, right)) {
    const dimmed = highlighted?.pause === false && highlighted.id !== unit.id;
    block(scene, unit, 'final', dimmed);
    if (highlighted?.start === unit.start) outline(scene, unit);
  }
  for (const unit of visibleUnits(recording.provisional, left, right))
    block(scene, unit, 'provisional');
  for (const unit of visibleUnits(recording.predicted, left, right))
    block(scene, unit, 'predicted');
}

function place(scene: Scene, { start, end }: ProvisionalUnit): [number, number, number, number] {
  const x = (start - scene.left) * scene.pxPerSample + INSET;
  const wide = Math.max(2, (end - start) * scene.pxPerSample - 2 * INSET);
  return [x, scene.stripTop + INSET, wide, scene.stripHeight - 2 * INSET];
}

function block(scene: Scene, unit: ProvisionalUnit, look: Look, dimmed = false): void {
  const { context, palette } = scene;
  const [x, y, wide, high] = place(scene, unit);
  context.beginPath();
  context.roundRect(x, y, wide, high, Math.min(RADIUS, wide / 2));
  context.globalAlpha = dimmed ? DIMMED : FILL[look];
  context.fillStyle = unit.pause ? palette.pause : unitColour(unit.id);
  context.fill();
  context.globalAlpha = 1;
  if (look !== 'final') {
    context.setLineDash([3, 3]);
    context.lineWidth = 1.5;
    context.strokeStyle = palette.axis;
    context.stroke();
    context.setLineDash([]);
  }
  if (unit.pause) {
    if (isLongPause(unit)) hatch(scene, x, y, wide, high);
    return;
  }
  const names = [scene.labelOf?.(unit), String(unit.id)];
  const text = names.find(
    (name) => name !== undefined && context.measureText(name).width + 2 * TEXT_INSET <= wide,
  );
  if (dimmed || text === undefined) return;
  context.fillStyle = look === 'final' ? palette.ink : palette.text;
  context.fillText(text, x + wide / 2, y + high / 2 + 0.5);
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
