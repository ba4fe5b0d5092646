import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { logProbability } from './drawUnit.ts';
import type { Bundle } from '../bundle/bundle.ts';
import { parseSafetensors } from '../bundle/safetensors.ts';
import type { UnitLm } from './unitLm.ts';

/** How a language model's log-probabilities compare with those of `lm/golden.safetensors`. */
export interface LmGoldenReport {
  readonly units: number;
  /** Largest absolute difference of one unit's log-probability. */
  readonly largest: number;
  /** Mean log-probability of a unit, here and in the golden file. */
  readonly mean: number;
  readonly goldenMean: number;
}

/**
 * Scores the golden units and compares each one's log-probability with what PyTorch's logits give it.
 *
 * @throws PipelineError those of the model; `SYLSTREAM_ERR_BUNDLE_FORMAT` for a file that is none
 */
export async function checkLmGolden(bundle: Bundle, lm: UnitLm): Promise<LmGoldenReport> {
  const name = 'lm/golden.safetensors';
  const tensors = parseSafetensors(await readFile(join(bundle.directory, name)), name);
  const logits = tensors.get('logits')!.data as Float32Array;
  const { vocabulary } = lm.config;
  // The boundary id comes first, and may come last: both are the score's own.
  const all = [...(tensors.get('units')!.data as Int32Array)];
  const units = all.slice(1, all.at(-1) === vocabulary - 1 ? -1 : all.length);
  const { logProbabilities } = await lm.score(units);
  const golden = units.map((id, i) =>
    logProbability(logits.subarray(i * vocabulary, (i + 1) * vocabulary), id),
  );
  const mean = (values: Iterable<number>) => {
    let sum = 0;
    for (const value of values) sum += value;
    return sum / units.length;
  };
  return {
    units: units.length,
    largest: Math.max(...golden.map((value, i) => Math.abs(value - logProbabilities[i]))),
    mean: mean(logProbabilities),
    goldenMean: mean(golden),
  };
}
