import type { TokenRing } from '../../../src/segments/tokenRing.ts';

/** The mean of a segment's inner tokens as it was computed before its loop was tightened: the same bits. */
export function plainMeanOfInnerTokens(
  ring: TokenRing,
  range: { readonly start: number; readonly end: number },
  options: { readonly width: number; readonly trimTokens: number },
): Float32Array {
  const { width, trimTokens } = options;
  const trim = range.end - range.start > 2 * trimTokens ? trimTokens : 0;
  const sum = new Float64Array(width);
  for (let token = range.start + trim; token < range.end - trim; token++) {
    const offset = ring.offset(token);
    for (let d = 0; d < width; d++) sum[d] += ring.features[offset + d];
  }
  const count = range.end - range.start - 2 * trim;
  return Float32Array.from(sum, (total) => total / count);
}
