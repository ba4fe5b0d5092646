/**
 * The random number of one draw, in [0, 1) with 53 bits: a hash of where it is needed, so that there is no state to
 * keep, to lose with a thread, or to share by mistake. MurmurHash3 x86_32 (Appleby, public domain) of four 32-bit words:
 * the seed's low and high half, the hypothesis and the place; once for the high bits and once, begun otherwise, for the low.
 *
 * @param seed whole number from 0 to 2^53 − 1
 */
export function uniform(seed: number, hypothesis: number, place: number): number {
  const words = [seed % 2 ** 32, Math.floor(seed / 2 ** 32), hypothesis, place];
  const high = murmur3(words, 0) >>> 5; // 27 bits
  const low = murmur3(words, 0x9e3779b9) >>> 6; // 26 bits
  return (high * 2 ** 26 + low) / 2 ** 53;
}

function murmur3(words: readonly number[], begin: number): number {
  let h = begin;
  for (const word of words) {
    let k = Math.imul(word, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  h ^= 4 * words.length; // length in bytes
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
