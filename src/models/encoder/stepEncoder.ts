import type { Bundle, Precision } from '../bundle/bundle.ts';
import type { EncoderBackend } from './encoder.ts';
import { createEncoderPool } from './encoderPool.ts';
import { keptShape, remoteModel } from './remoteModel.ts';
import { rowsOfJob } from './stepJob.ts';
import { stepModelPath } from './stepModel.ts';
import { encoderShape, melRowTokens, rowShape } from './melRow.ts';
import type { PoolOptions } from '../inference/inferencePool.ts';
import { ringBytes } from '../inference/kvRing.ts';
import type { Threads } from '../inference/threads.ts';

/** Options of `createCachedEncoder()`. */
export interface CachedEncoderOptions extends PoolOptions {
  readonly precision?: Precision | undefined;
  /** `HOST:PORT` of a Triton server that runs the steps (docs/scale.md); default: they are run here. */
  readonly triton?: string | undefined;
  /** Told in one line when a provider of the list was refused. */
  readonly onRefused?: ((line: string) => void) | undefined;
}

/**
 * The encoder as it is meant to run: every step sees the new chunk and the cached keys and values of the
 * W tokens before it. Cost of a step: c tokens, whatever the length of the stream. One that hears the waveform has no cache:
 * its step costs W + c tokens. It runs on the threads that it is given.
 *
 * @throws PipelineError (from the promise) `SYLSTREAM_ERR_PROVIDER`, `SYLSTREAM_ERR_BUNDLE_SHAPE`, `SYLSTREAM_ERR_REMOTE`
 */
export async function createStepEncoder(
  bundle: Bundle,
  options: CachedEncoderOptions & { readonly workers: number },
  threads: Threads,
): Promise<EncoderBackend> {
  const precision = options.precision ?? 'int8';
  const { encoder } = bundle.config;
  const { chunkTokens, delayTokens, featureWidth } = encoder;
  const rowsOf = rowShape(encoder);
  const modelPath = stepModelPath(bundle, precision);
  // Scratch rows are always padded to one length, so that a flush computes the same whatever is beside it.
  const scratchRows = chunkTokens + delayTokens;
  const remote = remoteModel(bundle, precision, options.triton);
  const pool = createEncoderPool(
    { kind: 'step', modelPath, precision, encoder, maxRows: scratchRows, remote },
    options,
    threads,
  );
  try {
    for (const line of await pool.ready) options.onRefused?.(line);
  } catch (error) {
    await pool.close();
    throw error;
  }
  const bytes = ringBytes(keptShape(encoder, remote !== undefined));

  return {
    shape: encoderShape(encoder),
    status: pool.status,
    bare: (batch, times) => pool.bare(batch, chunkTokens, times),
    close: pool.close,
    open: (first = 0) => {
      const slot = pool.open();
      const { stream } = slot;
      const kept = pool.memories.take(bytes);
      const ring = kept.memory;
      let firstToken = first;
      return {
        step: async (mel) => {
          const tokens = chunkTokens;
          const job = {
            stream,
            ring,
            firstToken,
            tokens,
            rows: tokens,
            keep: tokens,
            commit: true,
            mel,
          };
          const rows = await kept.during(slot.run(job));
          firstToken += chunkTokens;
          return rows;
        },
        scratch: async (mel) => {
          const tokens = melRowTokens(mel, rowsOf);
          const job = {
            stream,
            ring,
            firstToken,
            tokens,
            rows: scratchRows,
            keep: scratchRows,
            commit: false,
            mel,
          };
          const padded = await kept.during(slot.run(job));
          return rowsOfJob(padded, 0, tokens + delayTokens, featureWidth);
        },
        release: () => {
          slot.release();
          kept.release();
        },
      };
    },
  };
}
