import { MEL_BINS } from '../../src/core/time.ts';
import { TILE_FRAMES } from '../melStore.ts';
import type { ByteRange, MelStore } from '../melStore.ts';

interface Tile {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  /** Frames painted. */
  painted: number;
  /** Which range and palette they were painted with. */
  look: number;
}

/** How many steps of the store's bytes the range has to move before everything is painted again: 0.7 nepers. */
const RANGE_HYSTERESIS = 8;
/** Tiles kept: 2.7 minutes of picture. */
const MAX_TILES = 32;

/** Paints log-mel into small canvases, one pixel a frame and a bin, a frame once unless the colours change. */
export interface SpectrogramTiles {
  /** The canvas of tile n `[512 × 128]`, low bins at the bottom, painted as far as there is anything. */
  tile(n: number): HTMLCanvasElement;
  /** Takes other colours. */
  setColours(colours: Uint32Array): void;
  /** Looks whether the range has moved; call it once before a picture. */
  adapt(): void;
}

/** Creates the painter of one recording's store. */
export function createSpectrogramTiles(store: MelStore, colours: Uint32Array): SpectrogramTiles {
  const tiles = new Map<number, Tile>();
  let range: ByteRange = store.range();
  let palette = colours;
  let look = 0;

  function paint(tile: Tile, n: number, to: number): void {
    const from = tile.look === look ? tile.painted : 0;
    tile.painted = to;
    tile.look = look;
    if (to <= from) return;
    const bytes = store.tile(n);
    const image = tile.context.createImageData(to - from, MEL_BINS);
    const pixels = new Uint32Array(image.data.buffer);
    const scale = 255 / Math.max(1, range.high - range.low);
    for (let frame = from; frame < to; frame++) {
      for (let bin = 0; bin < MEL_BINS; bin++) {
        const value = (bytes[frame * MEL_BINS + bin] - range.low) * scale;
        const colour = palette[Math.min(255, Math.max(0, Math.round(value)))];
        pixels[(MEL_BINS - 1 - bin) * (to - from) + frame - from] = colour;
      }
    }
    tile.context.putImageData(image, from, 0);
  }

  function makeTile(n: number): Tile {
    const canvas = document.createElement('canvas');
    canvas.width = TILE_FRAMES;
    canvas.height = MEL_BINS;
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('this browser gives no 2d canvas');
    const made = { canvas, context, painted: 0, look };
    tiles.set(n, made);
    // Insertion order: the oldest goes, and is painted again should somebody scroll back.
    if (tiles.size > MAX_TILES) tiles.delete(tiles.keys().next().value ?? n);
    return made;
  }

  return {
    tile(n) {
      const tile = tiles.get(n) ?? makeTile(n);
      paint(tile, n, Math.min(TILE_FRAMES, store.frames - n * TILE_FRAMES));
      return tile.canvas;
    },
    setColours(next) {
      palette = next;
      look++;
    },
    adapt() {
      const next = store.range();
      const moved = Math.max(Math.abs(next.low - range.low), Math.abs(next.high - range.high));
      if (moved < RANGE_HYSTERESIS) return;
      range = next;
      look++;
    },
  };
}
