/**
 * The linear value of a mu-law code, −1 to 1: 14-bit logarithmic, all bits inverted (ITU-T G.711, table 2b; scaled as
 * 16-bit PCM, so that the loudest is 32124 / 32768).
 */
export function mulawToLinear(code: number): number {
  const bits = ~code & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + 0x84) << ((bits & 0x70) >> 4)) - 0x84;
  return (bits & 0x80 ? -magnitude : magnitude) / 32_768;
}

/**
 * The linear value of an A-law code, −1 to 1: 13-bit logarithmic, every other bit inverted (ITU-T G.711, table 1b; scaled
 * as 16-bit PCM, so that the loudest is 32256 / 32768).
 */
export function alawToLinear(code: number): number {
  const bits = code ^ 0x55;
  const segment = (bits & 0x70) >> 4;
  const mantissa = ((bits & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? mantissa : (mantissa + 0x100) << (segment - 1);
  return (bits & 0x80 ? magnitude : -magnitude) / 32_768;
}
