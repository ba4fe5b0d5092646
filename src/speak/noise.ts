/**
 * Sample `index` of the synthesis' white noise: even over ±√3, so of variance 1. A hash of the absolute place (MurmurHash3's
 * finaliser; Appleby, public domain), so that the noise is the same however the stream is cut.
 *
 * @param index a whole number; only its low 32 bits count
 */
export function whiteNoise(index: number): number {
  let h = (Math.imul(index, 0x9e3779b1) + 0x7f4a7c15) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  h ^= h >>> 16;
  return ((h >>> 0) / 2 ** 31 - 1) * Math.sqrt(3);
}
