import type { EncoderConfig } from '../bundle/bundle.ts';
import { failAlone, finite } from '../inference/engine.ts';
import type { StepOutputs } from './stepJob.ts';

/** What some rows of a batch gave in one call. */
interface Part {
  readonly places: readonly number[];
  readonly outputs: StepOutputs;
}

/**
 * Runs a batch of the encoder so that a row that fails fails alone: in one call, and where that throws every row by itself.
 * Of a single call the outputs are handed on as they are; those of several are copied to their places, zeros where
 * a row failed.
 *
 * @param rows tokens that each row gives
 * @param attempt runs the rows at these places of the batch; may throw, and then has changed nothing
 */
export async function runRows(
  batch: number,
  rows: number,
  { featureWidth, outputs: names }: Pick<EncoderConfig, 'featureWidth' | 'outputs'>,
  attempt: (places: readonly number[]) => Promise<StepOutputs>,
): Promise<StepOutputs> {
  const parts: Part[] = [];
  const failed = await failAlone(batch, async (places, refused) => {
    const outputs = await attempt(places);
    outputs.failed.forEach((reason, b) => (refused[places[b]] = reason));
    parts.push({ places, outputs });
  });
  if (parts[0]?.places.length === batch) return parts[0].outputs;

  function join(
    width: number,
    part: (outputs: StepOutputs) => Float32Array | undefined,
  ): Float32Array {
    const joined = new Float32Array(batch * rows * width);
    for (const { places, outputs } of parts) joined.set(part(outputs)!, places[0] * rows * width);
    return joined;
  }
  const has = (name: 'boundary' | 'speech'): boolean => names.includes(name);
  const sum = (part: (outputs: StepOutputs) => number): number =>
    parts.reduce((total, { outputs }) => total + part(outputs), 0);
  return {
    features: join(featureWidth, ({ features }) => features),
    boundary: has('boundary') ? join(1, ({ boundary }) => boundary) : undefined,
    speech: has('speech') ? join(1, ({ speech }) => speech) : undefined,
    failed,
    runMs: sum(({ runMs }) => runMs),
    gatherMs: sum(({ gatherMs }) => gatherMs),
  };
}

/** Why the b-th row of `[B, rows, D]` features cannot be used, if it cannot. `size`: rows · D. */
export function refusalOf(features: Float32Array, b: number, size: number): string | undefined {
  if (finite(features.subarray(b * size, (b + 1) * size))) return undefined;
  return 'the encoder gave features that are not finite';
}
