import type { Bundle } from '../bundle/bundle.ts';
import { createNodeThreads } from '../inference/nodeThreads.ts';
import type { UnitLm } from './unitLm.ts';
import { createUnitLmOn, type UnitLmOptions } from './unitLmOn.ts';

export type { UnitLmOptions } from './unitLmOn.ts';

/**
 * Starts the language model of a bundle in a thread of its own, less urgent than the encoder's.
 *
 * @throws PipelineError (from the promise) `SYLSTREAM_ERR_BUNDLE_MISSING` where the bundle has none or not in that
 *   precision, `SYLSTREAM_ERR_BUNDLE_SHAPE`, `SYLSTREAM_ERR_PROVIDER`
 */
export async function createUnitLm(bundle: Bundle, options: UnitLmOptions = {}): Promise<UnitLm> {
  return createUnitLmOn(createNodeThreads(), bundle, options);
}
