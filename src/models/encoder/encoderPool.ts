import { melRowLength, melRowsOf, rowShape } from './melRow.ts';
import type { EncoderConfig } from '../bundle/bundle.ts';
import type { RemoteModel } from './remoteModel.ts';
import type { EncoderRows } from './encoder.ts';
import { threadMemory } from '../inference/mappedMemory.ts';
import type { Threads } from '../inference/threads.ts';
import { rowsOfJob } from './stepJob.ts';
import type { EncoderBatch, EncoderOutputs, EncoderSetup } from './encoderMessages.ts';
import {
  createInferencePool,
  type InferencePool,
  type PoolOptions,
} from '../inference/inferencePool.ts';

/** What the pool is to run. */
export interface EncoderModel {
  readonly kind: 'step' | 'window';
  readonly modelPath: string;
  readonly precision: string;
  readonly encoder: EncoderConfig;
  /** Tokens of the longest row. */
  readonly maxRows: number;
  /** The step model is elsewhere. */
  readonly remote?: RemoteModel | undefined;
}

/** One stream's part of a batch, as the main thread has it. */
export interface EncoderJob {
  readonly stream: number;
  /** The stream's key/value memory; absent for an engine without a cache. */
  readonly ring?: ArrayBufferLike | undefined;
  readonly firstToken: number;
  /** Real tokens. */
  readonly tokens: number;
  /** Tokens of the row, padding included: jobs of one batch agree in it. */
  readonly rows: number;
  /** Rows that are wanted back, counted from the end. */
  readonly keep: number;
  readonly commit: boolean;
  /** `[before + 2·tokens, 128]` normalised log-mel, or a wave `[320·tokens + 240]`; must not change before the answer. */
  readonly mel: Float32Array;
}

/** Starts an encoder on threads of its own. @throws RangeError for `workers` or `maxBatch` out of range */
export function createEncoderPool(
  model: EncoderModel,
  options: PoolOptions & { readonly workers: number },
  threads: Threads,
): InferencePool<EncoderJob, EncoderRows> {
  const { kind, modelPath, precision, encoder, maxRows, remote } = model;
  const { providers = ['cpu'] } = options;
  return createInferencePool<EncoderJob, EncoderBatch, EncoderOutputs, EncoderRows>(
    {
      precision,
      failure: 'SYLSTREAM_ERR_ENCODER',
      thread: (maxBatch) => {
        const melRows = threadMemory(4 * maxBatch * melRowLength(rowShape(encoder), maxRows));
        const setup: EncoderSetup = {
          kind,
          modelPath,
          providers,
          encoder,
          maxBatch,
          maxRows,
          melRows,
          remote,
        };
        return { setup, pack: packing(setup) };
      },
      key: ({ rows }) => rows,
      batchOf: (_, maxBatch) => maxBatch,
      result: (outputs, b, { keep }) => rowsOfJob(outputs, b, keep, encoder.featureWidth),
    },
    options,
    threads,
  );
}

/** Writes each job's mel into its melRow of the shared memory, padded with zeros; the message holds the rest. */
function packing(setup: EncoderSetup) {
  const melRowAt = melRowsOf(setup);
  return (jobs: readonly EncoderJob[], fresh: (stream: number) => boolean): EncoderBatch => {
    const { rows, keep } = jobs[0];
    const items = jobs.map((job, b) => {
      const melRow = melRowAt(b, rows);
      melRow.set(job.mel);
      melRow.fill(0, job.mel.length);
      const { stream, firstToken, tokens, commit } = job;
      return { stream, ring: fresh(stream) ? job.ring : undefined, firstToken, tokens, commit };
    });
    return { rows, keep, items };
  };
}
