import type { Unit } from '../../src/types.ts';
import type { Recording } from '../recording.ts';
import type { Palette } from './palette.ts';
import type { SpectrogramTiles } from './spectrogramTiles.ts';

/** CSS pixels of the parts, from top to bottom. */
export const STRIP_HEIGHT = 46;
export const AXIS_HEIGHT = 24;

/** What the parts of the picture share. */
export interface Scene {
  readonly context: CanvasRenderingContext2D;
  readonly recording: Recording;
  readonly tiles: SpectrogramTiles;
  readonly palette: Palette;
  readonly width: number;
  readonly melHeight: number;
  readonly stripTop: number;
  readonly axisTop: number;
  /** Sample at the left edge. */
  readonly left: number;
  readonly pxPerSample: number;
  /** Whether audio is still coming. */
  readonly live: boolean;
  readonly highlighted: Unit | undefined;
  /** Sample of the play head. */
  readonly playing: number | undefined;
}
