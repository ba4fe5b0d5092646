import { checkAudioFormat } from '../../audio/audioFormat.ts';
import { createSegmenter } from '../../segments/segmenter.ts';
import { SAMPLE_ENCODINGS, type PcmFormat } from '../../audio/pcm.ts';
import type { BundleConfig } from '../../models/bundle/bundle.ts';
import { segmenterConfig } from '../segmenterConfig.ts';
import type { ShardStreamOptions } from './shardMessages.ts';

/**
 * Refuses here what a shard would refuse: misuse throws where it was made.
 *
 * @throws RangeError, TypeError
 */
export function checkStreamOptions(
  config: BundleConfig,
  format: PcmFormat,
  options: ShardStreamOptions,
): void {
  checkAudioFormat(format);
  if (!SAMPLE_ENCODINGS.includes(format.encoding)) {
    throw new TypeError(
      `encoding must be one of ${SAMPLE_ENCODINGS.join(', ')}, got ${format.encoding}`,
    );
  }
  createSegmenter({ ...options, config: segmenterConfig(config) });
}
