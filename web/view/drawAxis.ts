import { SAMPLE_RATE } from '../../src/units.ts';
import type { Scene } from './scene.ts';
import { AXIS_HEIGHT } from './scene.ts';

/** Distances between labels in seconds; the first that leaves room is taken. */
const STEPS = [0.2, 0.5, 1, 2, 5, 10, 30, 60];
const MIN_LABEL_PX = 64;

/** Draws the time under the strip: `0:12.5`. */
export function drawAxis(scene: Scene): void {
  const { context, palette, width, axisTop, left, pxPerSample } = scene;
  const pxPerSecond = pxPerSample * SAMPLE_RATE;
  const step = STEPS.find((seconds) => seconds * pxPerSecond >= MIN_LABEL_PX) ?? 120;
  context.font = '11px ui-sans-serif, system-ui, sans-serif';
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  const first = Math.ceil(left / SAMPLE_RATE / step);
  for (let n = first; ; n++) {
    const x = Math.round((n * step * SAMPLE_RATE - left) * pxPerSample) + 0.5;
    if (x > width) return;
    context.fillStyle = palette.tick;
    context.fillRect(x - 0.5, axisTop, 1, AXIS_HEIGHT);
    context.fillStyle = palette.axis;
    context.fillText(clock(n * step, step < 1), x + 5, axisTop + AXIS_HEIGHT / 2 + 1);
  }
}

/** Seconds as minutes and seconds. */
function clock(seconds: number, tenths: boolean): string {
  const minutes = Math.floor(seconds / 60 + 1e-6);
  const rest = Math.max(0, seconds - 60 * minutes);
  return `${minutes}:${rest.toFixed(tenths ? 1 : 0).padStart(tenths ? 4 : 2, '0')}`;
}
