import type { LmConfig } from '../bundle/bundle.ts';
import type { LmAnswer, LmBatch, LmItem, LmOutputs, LmSetup } from './lmMessages.ts';
import {
  createInferencePool,
  type InferencePool,
  type PoolOptions,
} from '../inference/inferencePool.ts';
import type { Threads } from '../inference/threads.ts';
import { CHUNK_UNITS, historyBatch } from './lmMemory.ts';

/** A history's or a hypothesis' part of a batch, as the main thread has it: the memories are always there. */
export interface LmJob extends LmItem {
  readonly memory: ArrayBufferLike;
  readonly parent?:
    | {
        readonly sequence: number;
        readonly memory: ArrayBufferLike;
        readonly length: number;
      }
    | undefined;
}

/** What the pool is to run. */
export interface LmModel {
  readonly modelPath: string;
  readonly precision: string;
  readonly lm: LmConfig;
}

/** Where histories and hypotheses get their places. */
export type LmPool = InferencePool<LmJob, LmAnswer>;

/** Niceness of the thread: the scheduler gives it a tenth of what an encoder's thread gets when both want the same core. */
const NICENESS = 10;

/**
 * Starts the one thread of a language model. One, because a hypothesis reads its history's memory in its thread; less
 * urgent than the encoder's, so that a continuation never keeps a unit waiting.
 *
 * @throws RangeError for `maxBatch` out of range
 */
export function createLmPool(
  model: LmModel,
  options: Omit<PoolOptions, 'workers'>,
  threads: Threads,
): LmPool {
  const { modelPath, precision, lm } = model;
  const { providers = ['cpu'] } = options;
  return createInferencePool<LmJob, LmBatch, LmOutputs, LmAnswer>(
    {
      precision,
      failure: 'SYLSTREAM_ERR_LM',
      thread: (maxBatch) => {
        const setup: LmSetup = {
          kind: 'lm',
          modelPath,
          providers,
          lm,
          maxBatch,
          niceness: NICENESS,
        };
        return { setup, pack };
      },
      key: lmRowsOf,
      batchOf: (rows, maxBatch) => (rows === 1 ? maxBatch : historyBatch(maxBatch)),
      result: ({ answers }, b) => answers[b],
    },
    { ...options, workers: 1 },
    threads,
  );
}

/** Hypotheses go one unit at a time, histories by chunks. */
function lmRowsOf({ parent }: LmJob): number {
  return parent ? 1 : CHUNK_UNITS;
}

function pack(jobs: readonly LmJob[], fresh: (sequence: number) => boolean): LmBatch {
  const items = jobs.map(({ memory, parent, ...job }): LmItem => {
    const { sequence } = job;
    return {
      ...job,
      memory: fresh(sequence) ? memory : undefined,
      parent: parent && { ...parent, memory: fresh(parent.sequence) ? parent.memory : undefined },
    };
  });
  return { rows: lmRowsOf(jobs[0]), items };
}
