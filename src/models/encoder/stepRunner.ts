import { MEL_BINS } from '../../core/time.ts';
import { framesBefore, melRowLength, rowShape } from './melRow.ts';
import type { CachedEncoderConfig } from '../bundle/bundle.ts';
import { cacheTensors, createCacheArena, type CacheShape } from '../inference/cacheArena.ts';
import { gatherRing, scatterRing, writeAges, type KeptMemory } from '../inference/kvRing.ts';
import {
  tensor,
  type LoadedModel,
  type OpenModel,
  type Provider,
  type Tensor,
  type TensorShapes,
} from '../inference/tensors.ts';
import { refusalOf, runRows } from './runRows.ts';
import { ringShape, type StepJob, type StepOutputs } from './stepJob.ts';

/** What a runner runs. */
export interface StepModel {
  readonly modelPath: string;
  readonly providers: readonly Provider[];
  readonly encoder: CachedEncoderConfig;
  /** Most streams of a run. */
  readonly maxBatch: number;
  /** Tokens of the longest row. */
  readonly maxRows: number;
}

/** The cached step model, in this thread or behind it. */
export interface StepRunner {
  readonly loaded: LoadedModel;
  /** Runs rows of `rows` tokens, at most `maxBatch` of them; one run at a time. A job that fails fails alone. */
  run(jobs: readonly StepJob[], rows: number): Promise<StepOutputs>;
  /** A stream is over: nothing of it is wanted any more. */
  forget?(memory: KeptMemory): void;
  /** The model alone on whatever lies in the arena. */
  bare(batch: number, rows: number): Promise<void>;
}

/**
 * Opens the step model. A run gathers every stream's ring into one preallocated arena, runs on prefix views of it, scatters
 * the new rows back. Nothing of the arena is allocated per step; what comes out is ONNX Runtime's own memory, new each time.
 *
 * @param guarded makes the native calls of its runs ones that can be waited for (`nativeGuard.ts`)
 */
export async function createStepRunner(
  model: StepModel,
  guarded: <T>(call: () => Promise<T>) => Promise<T>,
  open: OpenModel,
): Promise<StepRunner> {
  const { encoder, maxBatch, maxRows } = model;
  const shape = ringShape(encoder);
  const { windowTokens } = encoder;
  const cache: CacheShape = {
    layers: shape.layers,
    window: windowTokens,
    rowWidth: shape.rowWidth,
  };
  const loaded = await open(model.modelPath, model.providers, stepTensors(encoder, cache), encoder);
  const { session } = loaded;
  const before = framesBefore(encoder);
  const rowsOf = rowShape(encoder);
  const mel = new Float32Array(maxBatch * melRowLength(rowsOf, maxRows));
  const mask = new Float32Array(maxBatch * maxRows);
  const ages = new Float32Array(maxBatch * windowTokens);
  const arena = createCacheArena(cache, maxBatch);
  const feeds = new Map<number, Record<string, Tensor>>();

  /** Views of the first B rows of the arena; made once. */
  function prefixFeeds(B: number, rows: number): Record<string, Tensor> {
    const key = B * (maxRows + 1) + rows;
    const made = feeds.get(key) ?? {
      mel: tensor(mel.subarray(0, B * melRowLength(rowsOf, rows)), [
        B,
        before + 2 * rows,
        MEL_BINS,
      ]),
      token_mask: tensor(mask.subarray(0, B * rows), [B, rows]),
      past_age: tensor(ages.subarray(0, B * windowTokens), [B, windowTokens]),
      ...arena.feeds(B),
    };
    feeds.set(key, made);
    return made;
  }

  function gather(jobs: readonly StepJob[], rows: number): void {
    const size = melRowLength(rowsOf, rows);
    jobs.forEach((job, b) => {
      mel.set(job.mel, b * size);
      mel.fill(0, b * size + job.mel.length, (b + 1) * size);
      mask.fill(1, b * rows, b * rows + job.tokens);
      mask.fill(0, b * rows + job.tokens, (b + 1) * rows);
      writeAges(
        ages.subarray(b * windowTokens, (b + 1) * windowTokens),
        shape,
        job.firstToken,
        job.knownTokens,
      );
      gatherRing(job.memory.own, arena.rows[b], shape, job.firstToken);
    });
  }

  async function attempt(jobs: readonly StepJob[], rows: number): Promise<StepOutputs> {
    const start = performance.now();
    gather(jobs, rows);
    const runStart = performance.now();
    const out = await guarded(() => session.run(prefixFeeds(jobs.length, rows)));
    const runEnd = performance.now();
    const features = out['features'].data as Float32Array;
    const present = out['present'].data as Float32Array;
    const width = features.length / jobs.length;
    const presentSize = present.length / jobs.length;
    const failed = jobs.map(({ memory, commit, firstToken }, b) => {
      const refusal = refusalOf(features, b, width);
      if (refusal !== undefined || !commit) return refusal;
      const kept = present.subarray(b * presentSize, (b + 1) * presentSize);
      scatterRing(memory.own, kept, shape, firstToken);
      scatterRing(memory.shared, kept, shape, firstToken);
      return undefined;
    });
    return {
      features,
      boundary: out['boundary']?.data as Float32Array | undefined,
      speech: out['speech']?.data as Float32Array | undefined,
      failed,
      runMs: runEnd - runStart,
      gatherMs: runStart - start + performance.now() - runEnd,
    };
  }

  return {
    loaded,
    run: (jobs, rows) =>
      runRows(jobs.length, rows, encoder, (places) => {
        const some = places.length === jobs.length ? jobs : places.map((place) => jobs[place]);
        return attempt(some, rows);
      }),
    bare: async (batch, rows) => {
      await guarded(() => session.run(prefixFeeds(batch, rows)));
    },
  };
}

/** Tensors of `onnx/step*.onnx` (docs/bundle.md). */
function stepTensors(
  { featureWidth, outputs }: CachedEncoderConfig,
  cache: CacheShape,
): { inputs: TensorShapes; outputs: TensorShapes } {
  return {
    inputs: new Map<string, readonly (number | string)[]>([
      ['mel', ['B', 'F', MEL_BINS]],
      ['token_mask', ['B', 'c']],
      ['past_age', ['B', cache.window]],
      ...cacheTensors(cache),
    ]),
    outputs: new Map<string, readonly (number | string)[]>([
      ...outputs.map(
        (name) => [name, name === 'features' ? ['B', 'c', featureWidth] : ['B', 'c']] as const,
      ),
      ['present', ['B', cache.layers, 2, 'c', cache.rowWidth]],
    ]),
  };
}
