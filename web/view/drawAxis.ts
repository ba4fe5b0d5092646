import { SAMPLE_RATE } from '../../src/core/time.ts';
import { clock } from './clock.ts';
import type { Scene } from './scene.ts';
import { fontOf } from './scene.ts';

/** Distances between labels in seconds; the first that leaves room is taken. */
const STEPS = [0.2, 0.5, 1, 2, 5, 10, 30, 60];
const MIN_LABEL_PX = 64;
/** From a mark to its label. */
const LABEL_GAP = 5;

/** Draws the time under the strip: `0:12.5`. */
export function drawAxis(scene: Scene): void {
  const { context, palette, width, axisTop, axisHeight, left, pxPerSample, textScale } = scene;
  const pxPerSecond = pxPerSample * SAMPLE_RATE;
  const step = STEPS.find((seconds) => seconds * pxPerSecond >= MIN_LABEL_PX * textScale) ?? 120;
  context.font = fontOf(textScale, 11);
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  const first = Math.ceil(left / SAMPLE_RATE / step);
  for (let n = first; ; n++) {
    const x = Math.round((n * step * SAMPLE_RATE - left) * pxPerSample) + 0.5;
    if (x > width) return;
    context.fillStyle = palette.tick;
    context.fillRect(x - 0.5, axisTop, 1, axisHeight);
    context.fillStyle = palette.axis;
    const text = clock(n * step, step < 1);
    const end = x + LABEL_GAP + context.measureText(text).width;
    if (end <= width) context.fillText(text, x + LABEL_GAP, axisTop + axisHeight / 2 + 1);
  }
}
