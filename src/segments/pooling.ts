import type { TokenRing } from './tokenRing.ts';

/**
 * Returns the mean feature `[D]` of tokens [start, end) without `trimTokens` on either side, where at least one is left then
 * (more than 2·trimTokens), and of all of them otherwise (docs/bundle.md, units). Summed token by token in float64, so it depends on nothing else.
 */
export function meanOfInnerTokens(
  ring: TokenRing,
  range: { readonly start: number; readonly end: number },
  options: { readonly width: number; readonly trimTokens: number },
): Float32Array {
  const { width, trimTokens } = options;
  const trim = range.end - range.start > 2 * trimTokens ? trimTokens : 0;
  const { features } = ring; // read once: it is a getter
  const sum = new Float64Array(width);
  for (let token = range.start + trim; token < range.end - trim; token++) {
    const offset = ring.offset(token);
    for (let d = 0; d < width; d++) sum[d] += features[offset + d];
  }
  const count = range.end - range.start - 2 * trim;
  const mean = new Float32Array(width);
  for (let d = 0; d < width; d++) mean[d] = sum[d] / count;
  return mean;
}
