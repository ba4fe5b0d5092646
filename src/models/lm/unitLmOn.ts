import type { Bundle } from '../bundle/bundle.ts';
import type { Precision } from '../bundle/bundle.ts';
import { DEFAULT_BATCH, type PoolOptions } from '../inference/inferencePool.ts';
import { lmMissing } from '../bundle/lmConfig.ts';
import { historyBatch, lmCache } from './lmMemory.ts';
import { createLmPool } from './lmPool.ts';
import { lmRate } from './lmRate.ts';
import type { Threads } from '../inference/threads.ts';
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
 * Starts the language model of a bundle on the one thread that is started for it.
 *
 * @throws PipelineError (from the promise) `SYLSTREAM_ERR_BUNDLE_MISSING` where the bundle has none or not in that
 *   precision, `SYLSTREAM_ERR_BUNDLE_SHAPE`, `SYLSTREAM_ERR_PROVIDER`
 */
export async function createUnitLmOn(
  threads: Threads,
  bundle: Bundle,
  options: UnitLmOptions = {},
): Promise<UnitLm> {
  const { precision = 'int8', onRefused } = options;
  const { lm: config } = bundle;
  const file = precision === 'int8' ? 'lm/step_int8.onnx' : 'lm/step.onnx';
  if (!config || !(file in bundle.manifest.files)) {
    throw lmMissing(bundle, file);
  }
  const cache = lmCache(config);
  const merged = config.vocabulary - 2;
  const pool = createLmPool(
    { modelPath: `${bundle.directory}/${file}`, precision, lm: config },
    options,
    threads,
  );
  try {
    for (const line of await pool.ready) onRefused?.(line);
  } catch (error) {
    await pool.close();
    throw error;
  }
  const { rate, hz } = lmRate(bundle, config);

  return {
    config,
    rate,
    knows: (other) => other === rate,
    open: () => openUnitLmSession({ pool, cache, merged, hz }),
    score: createUnitScorer(pool, cache, {
      boundary: merged + 1,
      places: 2 * historyBatch(options.maxBatch ?? DEFAULT_BATCH),
    }),
    status: pool.status,
    close: pool.close,
  };
}
