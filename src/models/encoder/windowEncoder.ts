import { join } from 'node:path';
import type { Bundle } from '../bundle/bundle.ts';
import type { EncoderBackend, EncoderRows } from './encoder.ts';
import { createEncoderPool } from './encoderPool.ts';
import { encoderShape, melRowLength, melRowTokens, rowShape } from './melRow.ts';
import type { PoolOptions } from '../inference/inferencePool.ts';
import { createNodeThreads, encoderThreads } from '../inference/nodeThreads.ts';

/**
 * The same network without a cache: every step re-encodes the last L·W + c tokens under the same mask, so it
 * gives what the cached one gives, at L·W/c + 1 times the work. To check the cached encoder. fp32 only.
 *
 * @throws PipelineError (from the promise) `SYLSTREAM_ERR_PROVIDER`, `SYLSTREAM_ERR_BUNDLE_SHAPE`
 */
export async function createWindowEncoder(
  bundle: Bundle,
  options: PoolOptions = {},
): Promise<EncoderBackend> {
  const { encoder } = bundle.config;
  const { chunkTokens, delayTokens, layers, windowTokens } = encoder;
  const rowsOf = rowShape(encoder);
  const repeated = melRowLength(rowsOf, 0);
  // Whole chunks, so that the window's first token lies on the chunk grid.
  const history = Math.ceil((layers * windowTokens) / chunkTokens) * chunkTokens;
  const maxRows = history + chunkTokens + delayTokens;
  const pool = createEncoderPool(
    {
      kind: 'window',
      modelPath: join(bundle.directory, 'onnx', 'window.onnx'),
      precision: 'fp32',
      encoder,
      maxRows,
    },
    { maxBatch: 4, ...options, workers: options.workers ?? encoderThreads() },
    createNodeThreads(),
  );
  try {
    await pool.ready;
  } catch (error) {
    await pool.close();
    throw error;
  }

  return {
    shape: encoderShape(encoder),
    status: pool.status,
    close: pool.close,
    open: () => {
      const slot = pool.open();
      let past = new Float32Array(0);

      /** All that is kept with the chunk behind it, which repeats the last of it. */
      function joined(chunk: Float32Array): Float32Array<ArrayBuffer> {
        const own = past.length === 0 ? chunk : chunk.subarray(repeated);
        const window = new Float32Array(past.length + own.length);
        window.set(past);
        window.set(own, past.length);
        return window;
      }

      function encode(window: Float32Array, fresh: number, padding: number): Promise<EncoderRows> {
        const tokens = melRowTokens(window, rowsOf);
        const keep = fresh + padding;
        const rows = tokens + padding;
        const { stream } = slot;
        return slot.run({ stream, firstToken: 0, tokens, rows, keep, commit: false, mel: window });
      }

      return {
        step: async (chunk) => {
          const window = joined(chunk);
          const rows = await encode(window, chunkTokens, 0);
          past = window.subarray(Math.max(0, window.length - melRowLength(rowsOf, history)));
          return rows;
        },
        scratch: (chunk) => encode(joined(chunk), melRowTokens(chunk, rowsOf), delayTokens),
        release: slot.release,
      };
    },
  };
}
