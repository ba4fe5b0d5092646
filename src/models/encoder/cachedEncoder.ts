import type { Bundle } from '../bundle/bundle.ts';
import { createNodeThreads, encoderThreads } from '../inference/nodeThreads.ts';
import type { EncoderBackend } from './encoder.ts';
import { createStepEncoder, type CachedEncoderOptions } from './stepEncoder.ts';

/**
 * The cached encoder (`stepEncoder.ts`) on inference threads of Node.
 *
 * @throws PipelineError (from the promise) `SYLSTREAM_ERR_PROVIDER`, `SYLSTREAM_ERR_BUNDLE_SHAPE`, `SYLSTREAM_ERR_REMOTE`
 */
export async function createCachedEncoder(
  bundle: Bundle,
  options: CachedEncoderOptions = {},
): Promise<EncoderBackend> {
  const workers = options.workers ?? encoderThreads();
  return createStepEncoder(bundle, { ...options, workers }, createNodeThreads());
}
