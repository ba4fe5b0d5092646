import type { Unit } from '../../src/core/types.ts';
import type { LabelOf } from '../../src/formats/unitFormatter.ts';
import type { Recording } from '../recording.ts';
import type { Palette } from './palette.ts';
import type { SpectrogramTiles } from './spectrogramTiles.ts';

/** What the parts of the picture share; lengths in CSS pixels. */
export interface Scene {
  readonly context: CanvasRenderingContext2D;
  readonly recording: Recording;
  readonly tiles: SpectrogramTiles;
  readonly palette: Palette;
  readonly width: number;
  readonly melHeight: number;
  readonly stripTop: number;
  readonly stripHeight: number;
  readonly axisTop: number;
  readonly axisHeight: number;
  /** How much larger than usual a person wants letters: 2 for 200 %. */
  readonly textScale: number;
  /** Sample at the left edge. */
  readonly left: number;
  readonly pxPerSample: number;
  /** Whether audio is still coming. */
  readonly live: boolean;
  readonly highlighted: Unit | undefined;
  /** What a unit stands for; without one it shows its number. */
  readonly labelOf: LabelOf | undefined;
  /** Sample of the play head. */
  readonly playing: number | undefined;
}

/** The font of the picture, of a size that grows with the page's letters. */
export function fontOf(textScale: number, px: number, weight = 400): string {
  return `${weight} ${px * textScale}px ui-sans-serif, system-ui, sans-serif`;
}

/** The size of the page's letters against the usual 16 px. */
export function textScaleNow(): number {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
}
