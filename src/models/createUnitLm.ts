import { join } from 'node:path';
import { PipelineError } from '../errors.ts';
import type { Rate } from '../types.ts';
import type { Bundle } from './bundle.ts';
import type { Precision } from './cachedEncoder.ts';
import { DEFAULT_BATCH, type PoolOptions } from './inferencePool.ts';
import { historyBatch, lmCache } from './lmMemory.ts';
import { createLmPool } from './lmPool.ts';
import type { UnitLm } from './unitLm.ts';
import { openUnitLmSession } from './unitLmSession.ts';
import { createUnitScorer } from './unitScorer.ts';

/** Options of `createUnitLm()`; one thread, whatever `workers` says. */
export interface UnitLmOptions extends Omit<PoolOptions, 'workers'> {
  /** Default `int8`. */
  readonly precision?: Precision | undefined;
  /** Told in one line when a provider of the list was refused. */
  readonly onRefused?: ((line: string) => void) | undefined;
}

/**
 * Starts the language model of a bundle in a thread of its own, less urgent than the encoder's.
 *
 * @throws PipelineError (from the promise) `SYLSTREAM_ERR_BUNDLE_MISSING` where the bundle has none or not in that
 *   precision, `SYLSTREAM_ERR_BUNDLE_SHAPE`, `SYLSTREAM_ERR_PROVIDER`
 */
export async function createUnitLm(bundle: Bundle, options: UnitLmOptions = {}): Promise<UnitLm> {
  const { precision = 'int8', onRefused } = options;
  const { lm: config } = bundle;
  const file = precision === 'int8' ? 'lm/step_int8.onnx' : 'lm/step.onnx';
  if (!config || !(file in bundle.manifest.files)) {
    throw new PipelineError(
      'SYLSTREAM_ERR_BUNDLE_MISSING',
      `expected a language model (${file}) in ${bundle.directory}, and its manifest lists none; ` +
        'name a bundle that has one (docs/bundle.md, lm/)',
    );
  }
  const cache = lmCache(config);
  const merged = config.vocabulary - 2;
  const pool = createLmPool(
    { modelPath: join(bundle.directory, file), precision, lm: config },
    options,
  );
  try {
    for (const line of await pool.ready) onRefused?.(line);
  } catch (error) {
    await pool.close();
    throw error;
  }
  const { name, hz } = bundle.config.boundaries.rates.find((rate) => rate.name === config.rate)!;

  return {
    config,
    knows: (rate: Rate) => rate === (name === 'natural' ? name : hz),
    open: () => openUnitLmSession({ pool, cache, merged, hz }),
    score: createUnitScorer(pool, cache, {
      boundary: merged + 1,
      lanes: 2 * historyBatch(options.maxBatch ?? DEFAULT_BATCH),
    }),
    status: pool.status,
    close: pool.close,
  };
}
