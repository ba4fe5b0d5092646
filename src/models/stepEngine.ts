import type { EncoderConfig } from './bundle.ts';
import { cacheTensors, createCacheArena, type CacheShape } from './cacheArena.ts';
import { encoderTransfer, runEncoder } from './encoderRuns.ts';
import type { Engine } from './engine.ts';
import type { EncoderBatch, EncoderItem, EncoderOutputs, EncoderSetup, Guarded } from './inferenceMessages.ts';
import { createKeptMemories } from './keptMemories.ts';
import { gatherRing, scatterRing, writeAges, type RingShape } from './kvRing.ts';
import { guardNative } from './nativeGuard.ts';
import { openSession, tensor, type Tensor, type TensorShapes } from './onnx.ts';
import { MEL_BINS } from '../units.ts';

/** Tensors of `onnx/step*.onnx` (docs/bundle.md). */
function stepTensors(
  { featureWidth, outputs }: EncoderConfig,
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
      ...outputs.map((name) => [name, name === 'features' ? ['B', 'c', featureWidth] : ['B', 'c']] as const),
      ['present', ['B', cache.layers, 2, 'c', cache.rowWidth]],
    ]),
  };
}

/**
 * Runs the cached step model over a batch: gathers every stream's ring into one preallocated arena, runs on
 * prefix views of it, scatters the new rows back. Nothing of the arena is allocated per step.
 */
export async function createStepEngine(
  setup: EncoderSetup & Guarded,
): Promise<Engine<EncoderBatch, EncoderOutputs>> {
  const { encoder, maxBatch, maxRows } = setup;
  const { layers, windowTokens } = encoder;
  const rowWidth = encoder.kvHeads * encoder.headWidth;
  const cache: CacheShape = { layers, window: windowTokens, rowWidth };
  const shape: RingShape = { layers, windowTokens, chunkTokens: encoder.chunkTokens, rowWidth };
  const loaded = await openSession(setup.modelPath, setup.providers, stepTensors(encoder, cache));
  const { session } = loaded;
  const guarded = guardNative(setup.guard);
  const lanes = new Float32Array(setup.lanes);
  const laneSize = 2 * maxRows * MEL_BINS;
  const mel = new Float32Array(maxBatch * laneSize);
  const mask = new Float32Array(maxBatch * maxRows);
  const ages = new Float32Array(maxBatch * windowTokens);
  const arena = createCacheArena(cache, maxBatch);
  const rings = createKeptMemories();

  function gather(items: readonly EncoderItem[], laneOf: readonly number[], rows: number): void {
    const melSize = 2 * rows * MEL_BINS;
    items.forEach((item, b) => {
      const lane = laneOf[b] * laneSize;
      mel.set(lanes.subarray(lane, lane + melSize), b * melSize);
      for (let i = 0; i < rows; i++) mask[b * rows + i] = i < item.tokens ? 1 : 0;
      writeAges(ages.subarray(b * windowTokens, (b + 1) * windowTokens), shape, item.firstToken);
      gatherRing(rings.get(item.stream)!.own, arena.rows[b], shape, item.firstToken);
    });
  }

  /** Views of the first B rows of the arena. */
  function prefixFeeds(B: number, rows: number): Record<string, Tensor> {
    return {
      mel: tensor(mel.subarray(0, B * 2 * rows * MEL_BINS), [B, 2 * rows, MEL_BINS]),
      token_mask: tensor(mask.subarray(0, B * rows), [B, rows]),
      past_age: tensor(ages.subarray(0, B * windowTokens), [B, windowTokens]),
      ...arena.feeds(B),
    };
  }

  async function attempt(items: readonly EncoderItem[], laneOf: readonly number[], rows: number) {
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
        const ring = rings.get(item.stream);
        if (!ring) return; // forgotten while the model ran
        scatterRing(ring.own, rows, shape, item.firstToken);
        scatterRing(ring.shared, rows, shape, item.firstToken);
      },
    };
  }

  return {
    loaded,
    run: async (batch) => {
      for (const item of batch.items) {
        if (item.ring) rings.open(item.stream, item.ring);
      }
      return runEncoder(batch, encoder.featureWidth, attempt);
    },
    transferred: encoderTransfer,
    forget: rings.forget,
    bare: async (batch, rows) => {
      await guarded(() => session.run(prefixFeeds(batch, rows)));
    },
  };
}
