import { MEL_BINS } from '../../core/time.ts';
import { framesBefore, melRowLength, melRowsOf } from './melRow.ts';
import { encoderTransfer, runEncoder } from './encoderRuns.ts';
import type { Engine } from '../inference/engine.ts';
import type { EncoderBatch, EncoderItem, EncoderOutputs, EncoderSetup } from './encoderMessages.ts';
import type { Guarded } from '../inference/inferenceMessages.ts';
import { guardNative } from '../inference/nativeGuard.ts';
import { openModel, tensor } from '../inference/onnx.ts';

/** Runs `onnx/window.onnx`: no state, every row brings the whole window that it depends on. */
export async function createWindowEngine(
  setup: EncoderSetup & Guarded,
): Promise<Engine<EncoderBatch, EncoderOutputs>> {
  const { encoder, maxBatch, maxRows } = setup;
  const loaded = await openModel(setup.modelPath, setup.providers, {
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
  const mel = new Float32Array(maxBatch * melRowLength(before, maxRows));
  const mask = new Float32Array(maxBatch * maxRows);

  function prefixFeeds(B: number, rows: number) {
    return {
      mel: tensor(mel.subarray(0, B * melRowLength(before, rows)), [
        B,
        before + 2 * rows,
        MEL_BINS,
      ]),
      token_mask: tensor(mask.subarray(0, B * rows), [B, rows]),
    };
  }

  async function attempt(items: readonly EncoderItem[], melRowOf: readonly number[], rows: number) {
    const gatherStart = performance.now();
    const B = items.length;
    const melSize = melRowLength(before, rows);
    items.forEach((item, b) => {
      mel.set(melRowAt(melRowOf[b], rows), b * melSize);
      for (let i = 0; i < rows; i++) mask[b * rows + i] = i < item.tokens ? 1 : 0;
    });
    const runStart = performance.now();
    const out = await guarded(() => session.run(prefixFeeds(B, rows)));
    return {
      features: out['features'].data as Float32Array,
      boundary: out['boundary']?.data as Float32Array | undefined,
      speech: out['speech']?.data as Float32Array | undefined,
      runMs: performance.now() - runStart,
      gatherMs: runStart - gatherStart,
      commit: () => undefined,
    };
  }

  return {
    loaded,
    run: (batch) => runEncoder(batch, encoder.featureWidth, attempt),
    transferred: encoderTransfer,
    forget: () => undefined,
    bare: async (batch, rows) => {
      await guarded(() => session.run(prefixFeeds(batch, rows)));
    },
  };
}
