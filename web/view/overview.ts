import { HOP_SAMPLES } from '../../src/core/time.ts';
import { LEVEL_FRAMES } from '../melStore.ts';
import type { Recording } from '../recording.ts';
import type { View } from './timeline.ts';

/** What the overview shows. */
export interface OverviewContext {
  readonly recording: () => Recording;
  readonly view: () => View;
  /** Sample of the play head. */
  readonly playing: () => number | undefined;
  /** Somebody points at a sample to see it. */
  readonly onSeek: (sample: number) => void;
}

/** The whole recording in one line, and which part of it the picture shows. */
export interface Overview {
  draw(): void;
}

/** While a recording grows it is drawn this often: a line that long does not change visibly from one drawing to the next. */
const GROWING_MS = 100;
const LEVEL_SAMPLES = LEVEL_FRAMES * HOP_SAMPLES;
/** CSS pixels of a bar and of the gap behind it. */
const BAR_PX = 3;
const LEAST_BAR_PX = 1.5;
/** The window on the picture is never narrower than this: it must be seen and grasped. */
const LEAST_WINDOW_PX = 10;

/**
 * Draws loudness as bars: what is cut into units in the accent's colour, what is still to come pale. Pressing or dragging
 * moves the picture there. The keys of the picture do the same, so that this is for pointers only.
 */
export function createOverview(canvas: HTMLCanvasElement, context: OverviewContext): Overview {
  const { recording, view, playing, onSeek } = context;
  let drawnAt = -Infinity;
  let drawnSamples = 0;
  let later: ReturnType<typeof setTimeout> | undefined;

  function draw(): void {
    const drawing = canvas.getContext('2d');
    const { clientWidth: width, clientHeight: height } = canvas;
    if (drawing === null || width === 0 || height === 0) return;
    const { samples, units, mel } = recording();
    const wait = drawnAt + GROWING_MS - performance.now();
    if (samples > drawnSamples && wait > 0) {
      later ??= setTimeout(draw, wait);
      return;
    }
    clearTimeout(later);
    later = undefined;
    drawnAt = performance.now();
    drawnSamples = samples;
    const ratio = devicePixelRatio;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== wide) canvas.width = wide;
    if (canvas.height !== high) canvas.height = high;
    drawing.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawing.clearRect(0, 0, width, height);
    if (samples === 0) return;
    const style = getComputedStyle(canvas);
    const [done, open] = ['--accent', '--faint'].map((name) => style.getPropertyValue(name));
    // A live recording that is shorter than the picture lies under it as it grows.
    const { left, samples: seen } = view();
    const shown = Math.max(samples, seen);
    const pxPerSample = width / shown;
    const cut = (units.at(-1)?.end ?? 0) * pxPerSample;
    const bars = barsOf(mel.levels, shown, Math.max(1, Math.floor(width / BAR_PX)));
    for (const [n, share] of bars.entries()) {
      const x = n * BAR_PX;
      if (x > samples * pxPerSample) break;
      const tall = Math.max(LEAST_BAR_PX, share * (height - 8));
      drawing.fillStyle = x + BAR_PX / 2 <= cut ? done : open;
      drawing.fillRect(x, (height - tall) / 2, BAR_PX - 1, tall);
    }
    const head = playing();
    drawing.fillStyle = style.getPropertyValue('--text');
    if (head !== undefined) drawing.fillRect(head * pxPerSample - 1, 0, 2, height);
    if (samples > seen) drawWindow(drawing, { left, samples: seen }, pxPerSample);
  }

  function drawWindow(
    drawing: CanvasRenderingContext2D,
    { left, samples }: View,
    pxPerSample: number,
  ): void {
    const { clientWidth: width, clientHeight: height } = canvas;
    const from = Math.max(0, left * pxPerSample);
    const wide = Math.max(LEAST_WINDOW_PX, Math.min(width, (left + samples) * pxPerSample) - from);
    drawing.fillStyle = getComputedStyle(canvas).getPropertyValue('--text');
    drawing.globalAlpha = 0.1;
    drawing.beginPath();
    drawing.roundRect(Math.min(from, width - wide) + 1, 1, wide - 2, height - 2, 5);
    drawing.fill();
    drawing.globalAlpha = 1;
    drawing.strokeStyle = drawing.fillStyle;
    drawing.lineWidth = 1.5;
    drawing.stroke();
  }

  const seek = ({ offsetX }: PointerEvent): void => {
    const { samples } = recording();
    const shown = Math.max(samples, view().samples);
    if (samples > 0) onSeek((offsetX / canvas.clientWidth) * shown);
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    seek(event);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) seek(event);
  });
  new ResizeObserver(draw).observe(canvas);
  return { draw };
}

/** The loudest level under each of so many bars, 0 to 1, from the quietest to the loudest of the recording. */
export function barsOf(levels: readonly number[], samples: number, count: number): number[] {
  const loudest = levels.reduce((most, level) => Math.max(most, level), 1);
  const quietest = levels.reduce((least, level) => Math.min(least, level), loudest);
  const scale = 1 / Math.max(1, loudest - quietest);
  const perBar = samples / LEVEL_SAMPLES / count;
  return Array.from({ length: count }, (_, n) => {
    const from = Math.floor(n * perBar);
    const to = Math.max(from + 1, Math.floor((n + 1) * perBar));
    let most = quietest;
    for (let at = from; at < to && at < levels.length; at++) most = Math.max(most, levels[at]);
    return (most - quietest) * scale;
  });
}
