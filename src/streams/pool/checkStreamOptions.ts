import { checkChoice } from '../../core/check.ts';
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
  checkChoice('encoding', format.encoding, SAMPLE_ENCODINGS);
  createSegmenter({ ...options, config: segmenterConfig(config) });
}
