/** Red, green, blue; 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Nine points of matplotlib's `magma` (CC0): dark to bright, even steps in lightness, fit for the colour-blind. */
const MAGMA: readonly Rgb[] = [
  [0, 0, 4],
  [28, 16, 68],
  [79, 18, 123],
  [129, 37, 129],
  [181, 54, 122],
  [229, 80, 100],
  [251, 135, 97],
  [254, 194, 135],
  [252, 253, 191],
];

/** The colours of a spectrogram, `size` of them, from silence to the loudest. */
export function magma(size: number): Rgb[] {
  return Array.from({ length: size }, (_, n) => {
    const at = (n / Math.max(1, size - 1)) * (MAGMA.length - 1);
    const low = Math.min(Math.floor(at), MAGMA.length - 2);
    const mix = (band: 0 | 1 | 2): number =>
      Math.round(MAGMA[low][band] + (at - low) * (MAGMA[low + 1][band] - MAGMA[low][band]));
    return [mix(0), mix(1), mix(2)];
  });
}

/** Degrees between the hues of one unit and the next: the golden angle keeps neighbouring numbers far apart. */
const GOLDEN_ANGLE = 137.508;

/** A hue of its own for every unit number, 0 to 359 degrees. */
export function unitHue(id: number): number {
  return Math.round((id * GOLDEN_ANGLE) % 360);
}

/** The light colour of a hue in degrees, hsl(hue 62% 76%): what a unit's box is filled with. */
export function unitColour(hue: number): Rgb {
  const [saturation, lightness] = [0.62, 0.76];
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const band = (n: number): number => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [band(0), band(8), band(4)];
}
