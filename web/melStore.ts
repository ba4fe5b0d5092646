import { createLogMel } from '../src/mel/logMel.ts';
import { createMelBank } from '../src/mel/melBank.ts';
import { isControl } from '../src/core/types.ts';
import { MEL_BINS } from '../src/core/time.ts';

/** Frames of one page of the store, and of one tile of the picture: 5.12 s. */
export const TILE_FRAMES = 512;
/** Frames of one level: 0.1 s. */
export const LEVEL_FRAMES = 10;
/** The log-mel values that byte 0 and byte 255 stand for; steps of 0.086, far under what an eye can tell. */
const LOWEST = -16;
const HIGHEST = 6;
const BYTES_PER_NEPER = 255 / (HIGHEST - LOWEST);
/** Shares of all values that may be darker than the darkest and brighter than the brightest colour. */
const DARK_SHARE = 0.1;
const BRIGHT_SHARE = 0.002;
/** The least distance between the two: 6 nepers, 26 dB of power, so that a silent room does not sparkle. */
const LEAST_RANGE = 6 * BYTES_PER_NEPER;
/** What stands for them before anything was heard. */
const FIRST_RANGE: ByteRange = { low: 50, high: 185 };

/** Two byte values of the store. */
export interface ByteRange {
  readonly low: number;
  readonly high: number;
}

/** The log-mel of everything heard, one byte a value. */
export interface MelStore {
  /** Whole frames so far. */
  readonly frames: number;
  /** Takes 16 kHz samples. */
  push(samples: Float32Array): void;
  /** How loud every tenth of a second was, 0 to 255: the greatest mean of a frame's bins. */
  readonly levels: readonly number[];
  /** `[512, 128]` of tile n; frames that are still to come are 0. */
  tile(n: number): Uint8Array;
  /** The values to draw darkest and brightest: percentiles of all that was heard. */
  range(): ByteRange;
}

/** Creates the store of one recording: 12.8 kB a second. */
export function createMelStore(): MelStore {
  const logMel = createLogMel();
  const source = sourceBins();
  const tiles: Uint8Array[] = [];
  const counts = new Float64Array(256);
  const levels: number[] = [];
  let frames = 0;

  function add(row: Float32Array): void {
    const n = Math.floor(frames / TILE_FRAMES);
    tiles[n] ??= new Uint8Array(TILE_FRAMES * MEL_BINS);
    const at = (frames % TILE_FRAMES) * MEL_BINS;
    let sum = 0;
    for (let bin = 0; bin < MEL_BINS; bin++) {
      const value = Math.round((row[source[bin]] - LOWEST) * BYTES_PER_NEPER);
      const byte = Math.min(255, Math.max(0, value));
      tiles[n][at + bin] = byte;
      counts[byte]++;
      sum += byte;
    }
    const tenth = Math.floor(frames / LEVEL_FRAMES);
    levels[tenth] = Math.max(levels[tenth] ?? 0, sum / MEL_BINS);
    frames++;
  }

  return {
    levels,
    get frames() {
      return frames;
    },
    push(samples) {
      for (const block of logMel.push({ samples })) {
        if (isControl(block)) continue;
        for (let f = 0; f < block.frames; f++) {
          add(block.mel.subarray(f * MEL_BINS, (f + 1) * MEL_BINS));
        }
      }
    },
    tile: (n) => tiles[n],
    range() {
      if (frames < 20) return FIRST_RANGE;
      const low = percentile(counts, frames * MEL_BINS * DARK_SHARE);
      const high = percentile(counts, frames * MEL_BINS * (1 - BRIGHT_SHARE));
      return { low: Math.min(low, high - LEAST_RANGE), high };
    },
  };
}

function percentile(counts: Float64Array, rank: number): number {
  let sum = 0;
  for (let value = 0; value < counts.length; value++) {
    sum += counts[value];
    if (sum >= rank) return value;
  }
  return counts.length - 1;
}

/** Which bin each row of the picture shows: itself, or its upper neighbour where no FFT bin falls into it. */
function sourceBins(): number[] {
  const { offset } = createMelBank();
  return Array.from({ length: MEL_BINS }, (_, bin) =>
    offset[bin] === offset[bin + 1] ? Math.min(bin + 1, MEL_BINS - 1) : bin,
  );
}
