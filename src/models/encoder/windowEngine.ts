import { MEL_BINS } from '../../core/time.ts';
import { framesBefore, melRowLength, melRowsOf, rowShape } from './melRow.ts';
import { cachedEncoder } from './remoteModel.ts';
import { refusalOf, runRows } from './runRows.ts';
import type { Engine } from '../inference/engine.ts';
import type { EncoderBatch, EncoderOutputs, EncoderSetup } from './encoderMessages.ts';
import type { Guarded } from '../inference/inferenceMessages.ts';
import { guardNative } from '../inference/nativeGuard.ts';
import { type OpenModel, tensor } from '../inference/tensors.ts';

/** Runs `onnx/window.onnx`: no state, every row brings the whole window that it depends on. */
export async function createWindowEngine(
  setup: EncoderSetup & Guarded,
  open: OpenModel,
): Promise<Engine<EncoderBatch, EncoderOutputs>> {
  const { maxBatch, maxRows } = setup;
  const encoder = cachedEncoder(setup.encoder, 'with a window of log-mel');
  const { featureWidth } = encoder;
  const has = (name: 'boundary' | 'speech'): boolean => encoder.outputs.includes(name);
  const loaded = await open(setup.modelPath, setup.providers, {
    inputs: new Map([
      ['mel', ['B', 'F', MEL_BINS]],
      ['token_mask', ['B', 'T']],
    ]),
    outputs: new Map(
      encoder.outputs.map((name) => [
        name,
        name === 'features' ? ['B', 'T', encoder.featureWidth] : ['B', 'T'],
      ]),
    ),
  });
  const { session } = loaded;
  const guarded = guardNative(setup.guard);
  const melRowAt = melRowsOf(setup);
  const before = framesBefore(encoder);
  const rowsOf = rowShape(encoder);
  const mel = new Float32Array(maxBatch * melRowLength(rowsOf, maxRows));
  const mask = new Float32Array(maxBatch * maxRows);

  function prefixFeeds(B: number, rows: number) {
    return {
      mel: tensor(mel.subarray(0, B * melRowLength(rowsOf, rows)), [
        B,
        before + 2 * rows,
        MEL_BINS,
      ]),
      token_mask: tensor(mask.subarray(0, B * rows), [B, rows]),
    };
  }

  /** Runs the items at some places of a batch and takes the last `keep` tokens of each. */
  async function attempt(
    { items, rows, keep }: EncoderBatch,
    places: readonly number[],
  ): Promise<EncoderOutputs> {
    const start = performance.now();
    const B = places.length;
    places.forEach((place, b) => {
      mel.set(melRowAt(place, rows), b * melRowLength(rowsOf, rows));
      for (let i = 0; i < rows; i++) mask[b * rows + i] = i < items[place].tokens ? 1 : 0;
    });
    const runStart = performance.now();
    const out = await guarded(() => session.run(prefixFeeds(B, rows)));
    const runEnd = performance.now();
    const last = (name: string, width: number): Float32Array => {
      const all = out[name].data as Float32Array;
      const kept = new Float32Array(B * keep * width);
      for (let b = 0; b < B; b++) {
        const end = (b + 1) * rows * width;
        kept.set(all.subarray(end - keep * width, end), b * keep * width);
      }
      return kept;
    };
    const features = last('features', featureWidth);
    return {
      features,
      boundary: has('boundary') ? last('boundary', 1) : undefined,
      speech: has('speech') ? last('speech', 1) : undefined,
      failed: places.map((_, b) => refusalOf(features, b, keep * featureWidth)),
      runMs: runEnd - runStart,
      gatherMs: runStart - start + performance.now() - runEnd,
    };
  }

  return {
    loaded,
    run: (batch) =>
      runRows(batch.items.length, batch.keep, encoder, (places) => attempt(batch, places)),
    transferred: ({ features, boundary, speech }) =>
      [features, boundary, speech].flatMap((array) => (array ? [array.buffer as ArrayBuffer] : [])),
    forget: () => undefined,
    bare: async (batch, rows) => {
      await guarded(() => session.run(prefixFeeds(batch, rows)));
    },
  };
}
