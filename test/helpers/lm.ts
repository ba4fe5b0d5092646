import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundle } from '../../src/models/bundle/bundle.ts';
import type { LmAnswer } from '../../src/models/lm/lmMessages.ts';
import {
  CHUNK_UNITS,
  hypothesisBytes,
  historyBytes,
  lmCache,
} from '../../src/models/lm/lmMemory.ts';
import { createNodeThreads } from '../../src/models/inference/nodeThreads.ts';
import { createLmPool, type LmPool } from '../../src/models/lm/lmPool.ts';
import { parseSafetensors } from '../../src/models/bundle/safetensors.ts';
import type { ContinuationOptions, UnitLm, UnitLmSession } from '../../src/models/lm/unitLm.ts';
import type { PredictedUnit } from '../../src/core/types.ts';
import { BUNDLES } from './bundles.ts';
import { present } from './require.ts';

/** Every bundle that has a language model. */
export const LM_BUNDLES: typeof BUNDLES = BUNDLES.filter(([name, directory]) =>
  present(`a language model in bundle ${name}`, existsSync(join(directory, 'lm/config.json'))),
);

/** What `lm/golden.safetensors` holds: units, and what the PyTorch model makes of them. */
export interface LmGolden {
  readonly units: readonly number[];
  /** `[n][vocabulary]`: natural logarithms of probabilities. */
  readonly logProbabilities: readonly Float64Array[];
}

export function readLmGolden(directory: string): LmGolden {
  const path = join(directory, 'lm/golden.safetensors');
  const tensors = parseSafetensors(readFileSync(path), path);
  const logits = tensors.get('logits')!;
  const [n, vocabulary] = logits.shape;
  return {
    units: [...(tensors.get('units')!.data as Int32Array)],
    logProbabilities: Array.from({ length: n }, (_, i) => {
      const row = Float64Array.from(logits.data.subarray(i * vocabulary, (i + 1) * vocabulary));
      const top = Math.max(...row);
      const sum = row.reduce((total, logit) => total + Math.exp(logit - top), 0);
      return row.map((logit) => logit - top - Math.log(sum));
    }),
  };
}

/** The pool of a bundle's language model, to run jobs as they are. */
export async function openPool(bundle: Bundle, precision: 'int8' | 'fp32'): Promise<LmPool> {
  const file = precision === 'int8' ? 'step_int8.onnx' : 'step.onnx';
  const modelPath = join(bundle.directory, 'lm', file);
  const pool = createLmPool(
    { modelPath, precision, lm: bundle.lm! },
    { maxBatch: 64 },
    createNodeThreads(),
  );
  await pool.ready;
  return pool;
}

/**
 * Log-probabilities of the wanted ids after every unit, the first `split` units fed as a history in chunks, the rest one
 * by one as a hypothesis that goes on from it. `[n][wanted]`
 */
export async function streamed(
  pool: LmPool,
  bundle: Bundle,
  units: readonly number[],
  { split, wanted }: { readonly split: number; readonly wanted: readonly number[] },
): Promise<number[][]> {
  const cache = lmCache(bundle.lm!);
  const slot = pool.open();
  const sequence = slot.stream;
  const memory = new SharedArrayBuffer(historyBytes(cache));
  const rows: number[][] = units.map(() => []);
  const take = (first: number, { scored }: LmAnswer) =>
    scored.forEach((value, i) => rows[first + i].push(value));
  const common = { start: 0, draws: [] };
  for (let first = 0; first < split; first += CHUNK_UNITS) {
    const chunk = units.slice(first, Math.min(split, first + CHUNK_UNITS));
    for (const id of wanted) {
      const targets = chunk.map(() => id);
      take(first, await slot.run({ ...common, sequence, memory, first, units: chunk, targets }));
    }
  }
  const hypothesis = pool.open();
  const parent = { sequence, memory, length: split };
  const own = {
    sequence: hypothesis.stream,
    memory: new SharedArrayBuffer(hypothesisBytes(cache, units.length - split)),
    parent,
  };
  for (let first = split; first < units.length; first++) {
    for (const id of wanted) {
      const one = { units: [units[first]], targets: [id] };
      take(first, await hypothesis.run({ ...common, ...own, first, ...one }));
    }
  }
  hypothesis.release();
  slot.release();
  return rows;
}

/** All hypotheses of one continuation, to its end. */
export async function continuation(
  session: UnitLmSession,
  options?: ContinuationOptions,
): Promise<PredictedUnit[]> {
  const units: PredictedUnit[] = [];
  for await (const unit of session.continue(options)) units.push(unit);
  return units;
}

/** A session with these units pushed, all at once. */
export function sessionWith(lm: UnitLm, units: readonly number[]): UnitLmSession {
  const session = lm.open();
  for (const id of units) session.push({ id });
  return session;
}

/** Unit numbers that look random and are always the same: pauses now and then. */
export function someUnits(count: number, merged: number, salt = 0): number[] {
  return Array.from({ length: count }, (_, i) => {
    const hash = Math.imul(i + 1 + 7919 * salt, 0x9e3779b1) >>> 8;
    return hash % 11 === 0 ? 0 : 1 + (hash % merged);
  });
}
