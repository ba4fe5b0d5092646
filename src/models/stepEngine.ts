import type { EncoderConfig } from './bundle.ts';
import type { RunOutputs, WorkItem, WorkerSetup } from './inferenceMessages.ts';
import { gatherRing, scatterRing, writeAges, type RingShape } from './kvRing.ts';
import { guardNative } from './nativeGuard.ts';
import { openSession, tensor, type LoadedSession, type Tensor, type TensorShapes } from './onnx.ts';
import { runRows, type Engine } from './engine.ts';
import { MEL_BINS } from '../units.ts';

/** Tensors of `onnx/step*.onnx` (docs/bundle.md). */
function stepTensors(config: EncoderConfig): { inputs: TensorShapes; outputs: TensorShapes } {
  const { layers, windowTokens, featureWidth, outputs } = config;
  const rowWidth = config.kvHeads * config.headWidth;
  const cache = ['B', windowTokens, rowWidth] as const;
  return {
    inputs: new Map<string, readonly (number | string)[]>([
      ['mel', ['B', 'F', MEL_BINS]],
      ['token_mask', ['B', 'c']],
      ['past_age', ['B', windowTokens]],
      ...planes(layers).map((name) => [name, cache] as const),
    ]),
    outputs: new Map<string, readonly (number | string)[]>([
      ...outputs.map((name) => [name, name === 'features' ? ['B', 'c', featureWidth] : ['B', 'c']] as const),
      ['present', ['B', layers, 2, 'c', rowWidth]],
    ]),
  };
}

/** Cache inputs in the ring's plane order: keys, values, layer after layer. */
function planes(layers: number): string[] {
  return Array.from({ length: layers }, (_, l) => [`past_k_${l}`, `past_v_${l}`]).flat();
}

/** A stream's keys and values: what outlives the thread, and the thread's own copy of it. */
interface StreamRing {
  readonly shared: Float32Array;
  /** Gathered from: the engine copies unshared memory as one block, shared memory word by word. */
  readonly own: Float32Array;
}

function openRing(memory: SharedArrayBuffer): StreamRing {
  const shared = new Float32Array(memory);
  return { shared, own: shared.slice() };
}

/**
 * Runs the cached step model over a batch: gathers every stream's ring into one preallocated arena, runs on
 * prefix views of it, scatters the new rows back. Nothing of the arena is allocated per step.
 */
export async function createStepEngine(setup: WorkerSetup): Promise<Engine & { loaded: LoadedSession }> {
  const { encoder, maxBatch, maxRows } = setup;
  const loaded = await openSession(setup.modelPath, setup.providers, stepTensors(encoder));
  const { session } = loaded;
  const guarded = guardNative(setup.guard);
  const { layers, windowTokens } = encoder;
  const rowWidth = encoder.kvHeads * encoder.headWidth;
  const shape: RingShape = { layers, windowTokens, chunkTokens: encoder.chunkTokens, rowWidth };
  const names = planes(layers);
  const cacheSize = windowTokens * rowWidth;
  const lanes = new Float32Array(setup.lanes);
  const laneSize = 2 * maxRows * MEL_BINS;
  const mel = new Float32Array(maxBatch * laneSize);
  const mask = new Float32Array(maxBatch * maxRows);
  const ages = new Float32Array(maxBatch * windowTokens);
  const arena = names.map(() => new Float32Array(maxBatch * cacheSize));
  const targets = Array.from({ length: maxBatch }, (_, b) =>
    arena.map((plane) => plane.subarray(b * cacheSize, (b + 1) * cacheSize)),
  );
  const rings = new Map<number, StreamRing>();

  function gather(items: readonly WorkItem[], laneOf: readonly number[], rows: number): void {
    const melSize = 2 * rows * MEL_BINS;
    items.forEach((item, b) => {
      const lane = laneOf[b] * laneSize;
      mel.set(lanes.subarray(lane, lane + melSize), b * melSize);
      for (let i = 0; i < rows; i++) mask[b * rows + i] = i < item.tokens ? 1 : 0;
      writeAges(ages.subarray(b * windowTokens, (b + 1) * windowTokens), shape, item.firstToken);
      gatherRing(rings.get(item.stream)!.own, targets[b], shape, item.firstToken);
    });
  }

  /** Views of the first B rows of the arena. */
  function prefixFeeds(B: number, rows: number): Record<string, Tensor> {
    const feeds: Record<string, Tensor> = {
      mel: tensor(mel.subarray(0, B * 2 * rows * MEL_BINS), [B, 2 * rows, MEL_BINS]),
      token_mask: tensor(mask.subarray(0, B * rows), [B, rows]),
      past_age: tensor(ages.subarray(0, B * windowTokens), [B, windowTokens]),
    };
    names.forEach((name, p) => {
      feeds[name] = tensor(arena[p].subarray(0, B * cacheSize), [B, windowTokens, rowWidth]);
    });
    return feeds;
  }

  async function attempt(items: readonly WorkItem[], laneOf: readonly number[], rows: number) {
    const gatherStart = performance.now();
    gather(items, laneOf, rows);
    const B = items.length;
    const feeds = prefixFeeds(B, rows);
    const runStart = performance.now();
    const out = await guarded(() => session.run(feeds));
    const runEnd = performance.now();
    const present = out['present'].data as Float32Array;
    const presentSize = present.length / B;
    return {
      features: out['features'].data as Float32Array,
      boundary: out['boundary']?.data as Float32Array | undefined,
      speech: out['speech']?.data as Float32Array | undefined,
      runMs: runEnd - runStart,
      gatherMs: runStart - gatherStart,
      commit: (b: number) => {
        const item = items[b];
        if (!item.commit) return;
        const rows = present.subarray(b * presentSize, (b + 1) * presentSize);
        const ring = rings.get(item.stream)!;
        scatterRing(ring.own, rows, shape, item.firstToken);
        scatterRing(ring.shared, rows, shape, item.firstToken);
      },
    };
  }

  return {
    loaded,
    run: async (items, rows, keep): Promise<RunOutputs> => {
      for (const item of items) {
        if (item.ring) rings.set(item.stream, openRing(item.ring));
      }
      return runRows(items, { rows, keep, featureWidth: encoder.featureWidth }, attempt);
    },
    forget: (stream) => void rings.delete(stream),
    bare: async (batch, rows) => {
      await guarded(() => session.run(prefixFeeds(batch, rows)));
    },
  };
}
