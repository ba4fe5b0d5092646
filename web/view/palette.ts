import { magma, unitHue } from '../../src/formats/colours.ts';
import type { Rgb } from '../../src/formats/colours.ts';

/** The colours that a canvas needs and that CSS cannot give it. */
export interface Palette {
  /** `[256]` pixels as little-endian RGBA, from silence to the loudest. */
  readonly spectrogram: Uint32Array;
  readonly line: string;
  readonly provisionalLine: string;
  /** Letters on the strip's ground, and on plates. */
  readonly text: string;
  readonly plate: string;
  readonly axis: string;
  readonly tick: string;
  readonly pause: string;
  readonly pauseStripe: string;
  readonly strip: string;
  readonly now: string;
  readonly ink: string;
}

/** Paper, then ink: for light surroundings. White to indigo to almost black, even in lightness. */
const INK: readonly Rgb[] = [
  [250, 250, 252],
  [222, 224, 240],
  [176, 180, 222],
  [124, 122, 200],
  [92, 66, 168],
  [66, 26, 116],
  [30, 8, 58],
];

/** The palette for dark or light surroundings. */
export function paletteFor(dark: boolean): Palette {
  const shared = { ink: '#14121f' };
  if (dark) {
    return {
      ...shared,
      spectrogram: pixels(magma(256)),
      line: 'rgba(255,255,255,.62)',
      provisionalLine: 'rgba(255,255,255,.34)',
      text: '#f1eff8',
      plate: 'rgba(20,18,29,.78)',
      axis: '#a7a2bd',
      tick: 'rgba(255,255,255,.14)',
      pause: '#2c2939',
      pauseStripe: '#403b54',
      strip: '#14121d',
      now: '#ff9f6b',
    };
  }
  return {
    ...shared,
    spectrogram: pixels(ramp(INK, 256)),
    line: 'rgba(20,12,50,.5)',
    provisionalLine: 'rgba(20,12,50,.28)',
    text: '#1b1727',
    plate: 'rgba(255,255,255,.82)',
    axis: '#5f5a74',
    tick: 'rgba(30,20,70,.12)',
    pause: '#e3e1ea',
    pauseStripe: '#d3d0de',
    strip: '#f1f0f6',
    now: '#c2410c',
  };
}

/** Lightness steps that go round with the unit's number, so that near hues still differ. */
const LIGHTNESS = [0.82, 0.74, 0.88];

/** The colour of a unit: the same one wherever it comes, even in lightness for all, dark ink readable on each. */
export function unitColour(id: number): string {
  return `oklch(${LIGHTNESS[id % LIGHTNESS.length]} 0.125 ${unitHue(id)})`;
}

function ramp(stops: readonly Rgb[], size: number): Rgb[] {
  return Array.from({ length: size }, (_, n) => {
    const at = (n / (size - 1)) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    const mix = (band: 0 | 1 | 2): number =>
      Math.round(stops[low][band] + (at - low) * (stops[low + 1][band] - stops[low][band]));
    return [mix(0), mix(1), mix(2)];
  });
}

function pixels(colours: readonly Rgb[]): Uint32Array {
  return Uint32Array.from(colours, ([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r);
}
