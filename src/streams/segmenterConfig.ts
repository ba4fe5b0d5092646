import type { SegmenterConfig } from '../segments/segmenter.ts';
import type { BundleConfig } from '../models/bundle/bundle.ts';

/** What the segmenter takes from a bundle's `config.json`. */
export function segmenterConfig({ boundaries, encoder, units }: BundleConfig): SegmenterConfig {
  const { featureWidth, chunkTokens } = encoder;
  return { ...boundaries, trimTokens: units.trimTokens, featureWidth, chunkTokens };
}
