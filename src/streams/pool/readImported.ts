import { createStateReader, MAX_SAVED_TOKEN } from '../../core/savedState.ts';
import { samplesForTokens } from '../../core/time.ts';
import type { BundleConfig } from '../../models/bundle/bundle.ts';
import { createEncoderFeed } from '../../models/encoder/encoderFeed.ts';
import { encoderShape } from '../../models/encoder/melRow.ts';
import { createQuantizer } from '../../segments/quantizer.ts';
import { createSegmenter } from '../../segments/segmenter.ts';
import { segmenterConfig } from '../segmenterConfig.ts';
import type { ImportedStream } from './pooledStream.ts';
import { replayToken } from './replayToken.ts';
import type { ShardStreamOptions } from './shardMessages.ts';

/**
 * Reads the thin state of a stream from elsewhere, by the machines that will go on from it: whatever a stream with these
 * options cannot have written is refused here, and never reaches a thread.
 *
 * @throws RangeError
 */
export function readImported(
  config: BundleConfig,
  options: ShardStreamOptions,
  state: Uint8Array,
): ImportedStream {
  const { chunkTokens } = config.encoder;
  const from = createStateReader(state, { isThin: true });
  const token = from.integer(chunkTokens, MAX_SAVED_TOKEN);
  const controls = from.integer(0, MAX_SAVED_TOKEN);
  const events = from.integer(0, MAX_SAVED_TOKEN);
  const sample = from.integer(samplesForTokens(token), samplesForTokens(token));
  const feed = createEncoderFeed(encoderShape(config.encoder), config.mel);
  const segmenter = createSegmenter({ ...options, config: segmenterConfig(config) });
  const quantizer = createQuantizer({ ...options, assign: () => ({ id: 1, confidence: 0 }) });
  if (token % chunkTokens !== 0 || feed.restore(from) !== token)
    throw new RangeError(`expected a saved state after whole chunks of ${chunkTokens} tokens`);
  segmenter.restore!(from);
  quantizer.restore!(from);
  from.end();
  const first = replayToken(token, segmenter.firstKept, config.encoder);
  return { state, token, controls, events, sample, from: first };
}
