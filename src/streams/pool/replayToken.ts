import type { EncoderConfig } from '../../models/bundle/bundle.ts';
import { fieldTokens, rowShape } from '../../models/encoder/melRow.ts';

/**
 * The token from which on the encoder has to do its steps again, so that the keys and values of the next step, and the
 * features that are kept, come out to the last bit: L·W tokens before the first step that counts, which is as far as L layers
 * see, or the W of a window that is heard again. A step whose embedding hears earlier frames is not the first one that
 * counts: a chunk more.
 *
 * @param token tokens that the encoder had committed, a multiple of c
 * @param firstKept the first token whose features are kept
 */
export function replayToken(token: number, firstKept: number, encoder: EncoderConfig): number {
  const { chunkTokens, delayTokens } = encoder;
  const first = Math.min(token, firstKept + delayTokens);
  const field = fieldTokens(encoder) + (rowShape(encoder).framesBefore > 0 ? chunkTokens : 0);
  const far = first - (first % chunkTokens) - field;
  return Math.max(0, far - (((far % chunkTokens) + chunkTokens) % chunkTokens));
}
