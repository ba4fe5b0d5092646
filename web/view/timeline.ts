import type { Unit } from '../../src/core/types.ts';
import type { LabelOf } from '../../src/formats/unitFormatter.ts';
import { SAMPLE_RATE, toSeconds } from '../../src/core/time.ts';
import type { Recording } from '../recording.ts';
import { drawAxis } from './drawAxis.ts';
import { drawSpectrogram } from './drawSpectrogram.ts';
import { drawStrip } from './drawStrip.ts';
import { paletteFor } from './palette.ts';
import { textScaleNow } from './scene.ts';
import type { Scene } from './scene.ts';
import { createSpectrogramTiles } from './spectrogramTiles.ts';
import { placeOf } from './visibleUnits.ts';

/** Heights of the parts at ordinary letters, in CSS pixels. */
const STRIP_HEIGHT = 46;
const AXIS_HEIGHT = 24;
/** Where the picture is low, the strip takes no more of it than this. */
const STRIP_SHARE = 0.24;
const GAP = 6;
/** 8 to 10 s on an ordinary screen: slow enough to read the numbers. */
const LIVE_PX_PER_SECOND = 140;
const MIN_PX_PER_SECOND = 24;
const MAX_PX_PER_SECOND = 480;

/** The part of a recording that is on the screen. */
export interface View {
  /** First sample. */
  readonly left: number;
  /** How many. */
  readonly samples: number;
}

/** The picture of a recording: spectrogram, boundaries, unit strip, time. */
export interface Timeline {
  readonly view: View;
  /** Shows another recording. */
  show(recording: Recording, live: boolean): void;
  /** Audio stopped coming. */
  settle(): void;
  /** Zooms so that a whole recording of so many samples can be seen, if it is not too long for that. */
  fit(samples: number): void;
  /** Something changed: draws before the next frame of the screen. */
  touch(): void;
  setDark(dark: boolean): void;
  /** Writes what units stand for into them. */
  setLabels(labelOf: LabelOf | undefined): void;
  /** Keeps so many samples free behind a recording, for what is predicted. */
  setAhead(samples: number): void;
  setPlaying(sample: number | undefined): void;
  highlight(unit: Unit | undefined): void;
  /** Scrolls by a share of the width. */
  scroll(share: number): void;
  zoom(factor: number, atX?: number): void;
  /** Shows the stretch around a sample. */
  centre(sample: number): void;
  /** Scrolls so that a unit can be seen. */
  reveal(unit: Unit): void;
  /** The unit at a place of the canvas in CSS pixels. */
  unitAt(x: number): Unit | undefined;
}

/** Creates the timeline on a canvas and keeps it as wide as the page lets it be. */
export function createTimelineView(
  canvas: HTMLCanvasElement,
  first: Recording,
  onDrawn: () => void,
): Timeline {
  const found = canvas.getContext('2d', { alpha: false });
  if (found === null) throw new Error('this browser gives no 2d canvas');
  const context = found;
  let palette = paletteFor(true);
  let recording = first;
  let tiles = createSpectrogramTiles(recording.mel, palette.spectrogram);
  let live = false;
  let follow = true;
  let pxPerSecond = LIVE_PX_PER_SECOND;
  let left = 0;
  let width = 0;
  let height = 0;
  let pending = 0;
  let highlighted: Unit | undefined;
  let labelOf: LabelOf | undefined;
  let playing: number | undefined;
  let ahead = 0;

  const visible = (): number => (width / pxPerSecond) * SAMPLE_RATE;

  function draw(): void {
    pending = 0;
    if (width === 0) return;
    const ratio = devicePixelRatio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    tiles.adapt();
    if (follow && live) left = recording.samples + ahead - visible();
    left = Math.max(0, Math.min(left, recording.samples - visible() * 0.5));
    if (live && recording.samples + ahead < visible()) left = 0;
    const textScale = textScaleNow();
    const axisHeight = AXIS_HEIGHT * textScale;
    const stripHeight = Math.min(STRIP_HEIGHT * textScale, height * STRIP_SHARE);
    const axisTop = height - axisHeight;
    const stripTop = axisTop - stripHeight;
    const scene: Scene = {
      context,
      recording,
      tiles,
      palette,
      width,
      melHeight: stripTop - GAP,
      stripTop,
      stripHeight,
      axisTop,
      axisHeight,
      textScale,
      left,
      pxPerSample: pxPerSecond / SAMPLE_RATE,
      live,
      highlighted,
      labelOf,
      playing,
    };
    context.fillStyle = palette.strip;
    context.fillRect(0, 0, width, height);
    drawSpectrogram(scene);
    drawStrip(scene);
    drawAxis(scene);
    onDrawn();
  }

  function touch(): void {
    if (pending === 0) pending = requestAnimationFrame(draw);
  }

  function fit(samples: number): void {
    pxPerSecond = clampZoom(width / toSeconds(samples + ahead));
    left = 0;
    touch();
  }

  new ResizeObserver(([entry]) => {
    width = entry.contentRect.width;
    height = entry.contentRect.height;
    canvas.width = Math.round(width * devicePixelRatio);
    canvas.height = Math.round(height * devicePixelRatio);
    draw();
  }).observe(canvas);

  return {
    get view() {
      return { left, samples: visible() };
    },
    show(next, isLive) {
      recording = next;
      live = isLive;
      follow = true;
      left = 0;
      if (live) pxPerSecond = LIVE_PX_PER_SECOND;
      highlighted = undefined;
      playing = undefined;
      tiles = createSpectrogramTiles(recording.mel, palette.spectrogram);
      touch();
    },
    settle() {
      live = false;
      touch();
    },
    fit,
    touch,
    setLabels(found) {
      labelOf = found;
      touch();
    },
    setDark(dark) {
      palette = paletteFor(dark);
      tiles.setColours(palette.spectrogram);
      touch();
    },
    setAhead(samples) {
      ahead = samples;
      if (!live && recording.samples > 0) return fit(recording.samples);
      touch();
    },
    setPlaying(sample) {
      playing = sample;
      if (sample !== undefined && (sample < left || sample > left + visible()))
        left = sample - visible() * 0.1;
      touch();
    },
    highlight(unit) {
      highlighted = unit;
      touch();
    },
    scroll(share) {
      left += share * visible();
      follow = left + visible() >= recording.samples;
      touch();
    },
    zoom(factor, atX = width / 2) {
      const sample = left + (atX / pxPerSecond) * SAMPLE_RATE;
      pxPerSecond = clampZoom(pxPerSecond * factor);
      left = sample - (atX / pxPerSecond) * SAMPLE_RATE;
      touch();
    },
    centre(sample) {
      left = Math.min(sample - visible() / 2, recording.samples + ahead - visible());
      follow = left + visible() >= recording.samples;
      touch();
    },
    reveal({ start, end }) {
      if (start < left || end > left + visible()) left = start - visible() / 3;
      follow = false;
      touch();
    },
    unitAt(x) {
      const sample = left + (x / pxPerSecond) * SAMPLE_RATE;
      const unit = recording.shown[placeOf(recording.shown, sample)];
      return unit !== undefined && sample < unit.end ? unit : undefined;
    },
  };
}

function clampZoom(pxPerSecond: number): number {
  return Math.min(MAX_PX_PER_SECOND, Math.max(MIN_PX_PER_SECOND, pxPerSecond));
}
